#include "base/unicode.h"

#include "base/encoding.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#define SIGMA 0x3C3
#define FINAL_SIGMA 0x3C2

/* The C library's own tables of letters and digits, without touching the process's locale. */
static locale_t unicode;
static pthread_once_t unicode_once = PTHREAD_ONCE_INIT;

static void unicode_load(void)
{
	unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!unicode)
		abort();
}

bool unicode_is_alnum(uint32_t code_point)
{
	pthread_once(&unicode_once, unicode_load);
	return iswalnum_l((wint_t)code_point, unicode) != 0;
}

uint32_t unicode_fold(uint32_t code_point)
{
	pthread_once(&unicode_once, unicode_load);
	uint32_t lower = (uint32_t)towlower_l((wint_t)code_point, unicode);
	return lower == FINAL_SIGMA ? SIGMA : lower;
}

char *unicode_fold_text(struct arena *arena, const char *text)
{
	size_t left = strlen(text), length = 0;
	/* lower case may be longer in bytes: U+023A has two, its lower case three */
	char *folded = arena_alloc(arena, left * 2 + 1);

	while (left) {
		size_t step = left;

		length += utf8_encode(unicode_fold(utf8_next(text, &step)), folded + length);
		text += step;
		left -= step;
	}
	return folded;
}
