/* Characters of all scripts, as the Unicode tables of libunistring have them, and texts as searching compares them. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* A letter or a number. */
bool unicode_is_alnum(uint32_t code_point);
/* A vowel sign, an accent, a virama: what stands on the character before it. */
bool unicode_is_mark(uint32_t code_point);
/* A mark that takes a consonant's vowel away, and may bind it to the next consonant. */
bool unicode_is_virama(uint32_t code_point);
/* A control character (category Cc): a command to a terminal, with no glyph. */
bool unicode_is_control(uint32_t code_point);
/* Has neither a glyph nor a width: joiners, marks and overrides of direction, fillers, variation selectors. */
bool unicode_is_hidden(uint32_t code_point);
/* Would it show anything by itself? Unassigned code points count as visible: one may be the next emoji. */
bool unicode_is_visible(uint32_t code_point);

/* Is it a bracket by its Unicode name? < and > are not: they are signs. */
bool unicode_is_bracket(uint32_t code_point);

/* U+200C and U+200D. */
bool unicode_is_joiner(uint32_t code_point);
/* A variation selector: chooses between the glyphs of the character before it. */
bool unicode_is_selector(uint32_t code_point);
/* May a selector follow? A letter of a script that uses them: an ideograph, a Mongolian letter. */
bool unicode_takes_selector(uint32_t code_point);
/* A tag character: a sequence of them after a flag emoji spells whose flag it is. */
bool unicode_is_flag_tag(uint32_t code_point);
/* Can an emoji begin with it, also one that Unicode will add? Does it give one a colour of skin? */
bool unicode_is_emoji(uint32_t code_point);
bool unicode_is_skin_tone(uint32_t code_point);

/* Is the text in NFC, the composed one of the equivalent ways to write it? It must be valid UTF-8. */
bool unicode_is_nfc(const char *text, size_t length);

/*
 * The text as searching compares it: equivalent spellings (NFC) and letters that differ only in case become the same,
 * and hidden characters are left out. The result is in the arena. Any bytes may come; those that are not UTF-8 match
 * nothing.
 */
char *unicode_fold_text(struct arena *arena, const char *text);

#endif
