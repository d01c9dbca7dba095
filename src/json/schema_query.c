#include "base/encoding.h"
#include "json/schema.h"
#include "json/schema_private.h"
#include "json/text.h"

#include <string.h>

/* The index of the row of that name; the count of rows when there is none. */
static size_t find_row(const struct schema *schema, const char *name)
{
	size_t count = schema_count(schema), i = 0;

	while (i < count && strcmp(schema_field(schema, i)->name, name) != 0)
		i++;
	return i;
}

/* A form sends its empty fields, too: whoever filters by nothing wants no filter. */
static bool is_blank(const char *text)
{
	size_t length = strlen(text);

	text_trim(text, &length);
	return length == 0;
}

static void read_value(struct arena *arena, const struct field *field, const char *text,
		       size_t length, struct given *given, struct faults *faults)
{
	const char *value = uri_decode(arena, text, length, true);

	if (given->kind == GIVEN_BROKEN || (value && is_blank(value)))
		return;
	if (value && given->kind == GIVEN_NOTHING) {
		*given = (struct given){ GIVEN_TEXT, .text = value, .length = strlen(value) };
		return;
	}
	given->kind = GIVEN_BROKEN;
	fault_add(faults, field->name, ERR_INVALID_INPUT,
		  arena_printf(arena, "%s %s.", field->name,
			       value ? "must be given once only" : "is not percent-encoded UTF-8"));
}

/* Reads "name=value" into the place of the row it names, if any. */
static void read_pair(struct arena *arena, const struct schema *schema, const char *pair,
		      size_t length, struct given *given, struct faults *faults)
{
	const char *equals = memchr(pair, '=', length);
	size_t name_length = equals ? (size_t)(equals - pair) : length;
	const char *name = uri_decode(arena, pair, name_length, true);
	size_t row = name ? find_row(schema, name) : schema_count(schema);

	if (row == schema_count(schema))
		return;

	size_t skipped = equals ? name_length + 1 : name_length;

	read_value(arena, schema_field(schema, row), pair + skipped, length - skipped, &given[row],
		   faults);
}

void *schema_decode_query(struct arena *arena, const struct schema *schema, const char *query,
			  struct faults *faults)
{
	size_t count = schema_count(schema);
	struct given *given = arena_alloc(arena, count * sizeof(*given));

	for (const char *at = query ? query : ""; *at;) {
		size_t length = strcspn(at, "&");

		read_pair(arena, schema, at, length, given, faults);
		at += length + (at[length] == '&');
	}
	for (size_t i = 0; i < count; i++) {
		const char *other = schema_field(schema, i)->unless;

		if (other && given[find_row(schema, other)].kind != GIVEN_NOTHING)
			given[i].kind = GIVEN_NOTHING;
	}
	return schema_fill(arena, schema, given, faults);
}
