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
/* Cc: what tells a terminal something instead of showing anything. */
bool unicode_is_control(uint32_t code_point);
/* What neither shows nor takes room: joiners, marks and overrides of direction, fillers, variation selectors. */
bool unicode_is_hidden(uint32_t code_point);
/* Does it show anything, standing alone? What Unicode has no entry for yet does: it may be the next emoji. */
bool unicode_is_visible(uint32_t code_point);

/* Opens or closes a pair: of those that are brackets by name; < and > are signs. */
bool unicode_is_bracket(uint32_t code_point);

/* U+200C and U+200D. */
bool unicode_is_joiner(uint32_t code_point);
/* Chooses among the looks of the character before it. */
bool unicode_is_selector(uint32_t code_point);
/* A letter of a script in which that is done: an ideograph, a Mongolian letter. */
bool unicode_has_looks(uint32_t code_point);
/* Letters in disguise, which say whose the flag before them is. */
bool unicode_is_flag_tag(uint32_t code_point);
/* What an emoji begins with, also such as will be added; and what gives it a colour of skin. */
bool unicode_is_emoji(uint32_t code_point);
bool unicode_is_skin_tone(uint32_t code_point);

/* Is it written in the one way that is chosen among several that mean the same? For valid UTF-8. */
bool unicode_is_nfc(const char *text, size_t length);

/*
 * The text as searching compares it: what is written in several ways (NFC) or differs by case alone becomes the same,
 * and what is hidden does not count. In the arena; any bytes may come, those that are no UTF-8 match nothing.
 */
char *unicode_fold_text(struct arena *arena, const char *text);

#endif
