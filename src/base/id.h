/* A record's id: 12 bytes, written as 24 hex digits; the bytes of a BSON ObjectId. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_HEX_LENGTH 24

struct id {
	uint8_t bytes[12];
};

/* false unless text is exactly 24 hex digits of either case. */
bool id_parse(const char *text, size_t length, struct id *id);
/* Lower case, NUL-terminated. */
void id_hex(const struct id *id, char hex[ID_HEX_LENGTH + 1]);
bool id_equal(const struct id *a, const struct id *b);
/* In the order of their bytes, which is MongoDB's: below 0, 0 or above, as memcmp(). */
int id_compare(const struct id *a, const struct id *b);

/* The hex text, in the arena. */
struct arena;
char *id_text(struct arena *arena, const struct id *id);

#endif
