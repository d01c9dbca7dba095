/* Letters of all scripts: what is a letter or digit, and texts compared in any case. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

bool unicode_is_alnum(uint32_t code_point);

/* What differs by case alone becomes the same; the Greek sigma at a word's end, too. */
uint32_t unicode_fold(uint32_t code_point);

/* The same for a text of valid UTF-8; in the arena. */
char *unicode_fold_text(struct arena *arena, const char *text);

#endif
