#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* Says where a word may end in scripts that write no spaces. */
#define ZERO_WIDTH_SPACE 0x200B
/* Symbols to Unicode, and nothing to see: a braille cell without dots, a note without a head. */
#define BRAILLE_BLANK 0x2800
#define NULL_NOTEHEAD 0x1D159
/* Say where a gloss begins and ends. */
#define ANNOTATION_FIRST 0xFFF9
#define ANNOTATION_LAST 0xFFFB
#define DOT_ABOVE "\xcc\x87"

bool unicode_is_alnum(uint32_t code_point)
{
	return uc_is_general_category_withtable(code_point,
						UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);
}

bool unicode_is_mark(uint32_t code_point)
{
	return uc_is_general_category_withtable(code_point, UC_CATEGORY_MASK_M);
}

bool unicode_is_virama(uint32_t code_point)
{
	return uc_combining_class(code_point) == UC_CCC_VR;
}

bool unicode_is_control(uint32_t code_point)
{
	return uc_is_general_category_withtable(code_point, UC_CATEGORY_MASK_Cc);
}

bool unicode_is_hidden(uint32_t code_point)
{
	return uc_is_property_default_ignorable_code_point(code_point) ||
	       (code_point >= ANNOTATION_FIRST && code_point <= ANNOTATION_LAST);
}

static bool is_blank_symbol(uint32_t code_point)
{
	return code_point == BRAILLE_BLANK || code_point == NULL_NOTEHEAD;
}

bool unicode_is_visible(uint32_t code_point)
{
	const uint32_t unseen = UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_Cc |
				UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cs;

	return !uc_is_general_category_withtable(code_point, unseen) &&
	       !unicode_is_hidden(code_point) && !uc_is_property_not_a_character(code_point) &&
	       !is_blank_symbol(code_point);
}

bool unicode_is_bracket(uint32_t code_point)
{
	return uc_is_general_category_withtable(code_point,
						UC_CATEGORY_MASK_Ps | UC_CATEGORY_MASK_Pe);
}

bool unicode_is_joiner(uint32_t code_point)
{
	return uc_is_property_join_control(code_point);
}

bool unicode_is_selector(uint32_t code_point)
{
	return uc_is_property_variation_selector(code_point);
}

bool unicode_takes_selector(uint32_t code_point)
{
	const uc_script_t *script = uc_script(code_point);

	return uc_is_property_ideographic(code_point) ||
	       (script &&
		(strcmp(script->name, "Mongolian") == 0 || strcmp(script->name, "Myanmar") == 0 ||
		 strcmp(script->name, "Phags_Pa") == 0));
}

bool unicode_is_flag_tag(uint32_t code_point)
{
	return code_point >= 0xE0020 && code_point <= 0xE007F;
}

bool unicode_is_emoji(uint32_t code_point)
{
	return uc_is_property_extended_pictographic(code_point);
}

bool unicode_is_skin_tone(uint32_t code_point)
{
	return uc_is_property_emoji_modifier(code_point);
}

/* Compared with what it would become: a quick check leaves some open. */
bool unicode_is_nfc(const char *text, size_t length)
{
	size_t composed_length;
	uint8_t *composed =
		u8_normalize(UNINORM_NFC, (const uint8_t *)text, length, NULL, &composed_length);
	bool is = composed && composed_length == length && memcmp(composed, text, length) == 0;

	free(composed);
	return is;
}

/* One case for both of a letter, and for the letters that are another's only in this one: a sigma at a word's end, a
 * long s, an i without its dot. */
static ucs4_t fold(ucs4_t c)
{
	return unicode_is_mark(c) ? c : uc_tolower(uc_toupper(c));
}

/* Writes what counts of the text; the length of that. A character becomes one of at most 4 bytes. */
static size_t fold_all(const uint8_t *text, size_t left, uint8_t *to)
{
	size_t length = 0;
	ucs4_t c;

	while (left) {
		int size = u8_mbtouc(&c, text, left);

		if (c == ZERO_WIDTH_SPACE)
			to[length++] = ' ';
		else if (!unicode_is_hidden(c))
			length += (size_t)u8_uctomb(to + length, fold(c), 4);
		text += size;
		left -= (size_t)size;
	}
	return length;
}

/* The Turkish I with a dot is an i with two, once it is small and written in parts. */
static void drop_second_dots(char *text)
{
	const size_t dot = sizeof(DOT_ABOVE) - 1;
	char *to = text;

	for (const char *from = text; *from;) {
		*to++ = *from++;
		if (from[-1] == 'i' && strncmp(from, DOT_ABOVE, dot) == 0)
			from += dot;
	}
	*to = '\0';
}

char *unicode_fold_text(struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	uint8_t *folded = arena_alloc(arena, 4 * length + 1);

	length = fold_all((const uint8_t *)text, length, folded);

	uint8_t *composed = u8_normalize(UNINORM_NFC, folded, length, NULL, &length);
	if (!composed)
		abort();
	char *kept = arena_copy(arena, composed, length);
	free(composed);
	drop_second_dots(kept);
	return kept;
}
