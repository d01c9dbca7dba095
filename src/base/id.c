#include "base/id.h"

#include "base/arena.h"
#include "base/encoding.h"

#include <string.h>

bool id_parse(const char *text, size_t length, struct id *id)
{
	struct id parsed;

	if (length != ID_HEX_LENGTH)
		return false;
	for (size_t i = 0; i < sizeof(parsed.bytes); i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		parsed.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*id = parsed;
	return true;
}

void id_hex(const struct id *id, char hex[ID_HEX_LENGTH + 1])
{
	hex_encode(id->bytes, sizeof(id->bytes), hex);
}

bool id_equal(const struct id *a, const struct id *b)
{
	return id_compare(a, b) == 0;
}

int id_compare(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

char *id_text(struct arena *arena, const struct id *id)
{
	char *hex = arena_alloc(arena, ID_HEX_LENGTH + 1);

	id_hex(id, hex);
	return hex;
}
