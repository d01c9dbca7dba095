#include "json/json_in.h"
#include "json/schema.h"
#include "json/schema_private.h"
#include "json/text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* The object that a body must be; NULL for one that holds nothing or null, and with err and detail when it is something
 * else. */
static struct json_object *read_object(struct arena *arena, const char *body, size_t length,
				       struct err_detail *detail, enum err *err)
{
	const char *problem = NULL;
	struct json_object *root = NULL;

	body = text_skip_mark(body, &length);
	if (length > 0)
		root = json_in(arena, body, length, &problem);
	if (root && !json_object_is_type(root, json_type_object))
		problem = "it is not an object";
	*err = problem ? ERR_INVALID_JSON : OK;
	if (problem)
		detail->sentence = arena_printf(arena, "The body is not strict JSON: %s.", problem);
	return root;
}

/* ---- a record sent back ---- */

static bool same_text(const struct given *a, const struct given *b)
{
	size_t length = a->length, other_length = b->length;
	const char *text = text_trim(a->text, &length), *other = text_trim(b->text, &other_length);

	return length == other_length && memcmp(text, other, length) == 0;
}

/* Who reads a number and writes it again may spell it otherwise. */
static bool is_echo(const struct given *sent, const struct given *shown)
{
	if (sent->kind != shown->kind)
		return false;
	switch (sent->kind) {
	case GIVEN_TEXT:
	case GIVEN_BOOL:
		return same_text(sent, shown);
	case GIVEN_NUMBER:
		return strtod(sent->text, NULL) == strtod(shown->text, NULL);
	default:
		return false;
	}
}

/* What is no change counts as absent. A record that cannot be read back is compared with nothing. */
static void drop_echoes(struct arena *arena, const struct schema *schema, struct json_piece shown,
			struct given *sent)
{
	const char *problem;
	struct json_object *record = json_in(arena, shown.text, shown.length, &problem);
	const struct given *stored = given_members(arena, schema, record);

	for (size_t i = 0; i < schema_count(schema); i++)
		if (is_echo(&sent[i], &stored[i]))
			sent[i] = (struct given){ .kind = GIVEN_NOTHING };
}

void *schema_decode_edit(struct arena *arena, const struct schema *schema, struct json_piece body,
			 struct json_piece shown, struct faults *faults, struct err_detail *detail,
			 enum err *err)
{
	struct json_object *root = read_object(arena, body.text, body.length, detail, err);

	if (*err != OK)
		return NULL;
	struct given *sent = given_members(arena, schema, given_at(arena, root, schema->at));
	if (shown.text)
		drop_echoes(arena, schema, shown, sent);
	return schema_fill(arena, schema, sent, faults);
}

void *schema_decode_body(struct arena *arena, const struct schema *schema, const char *body,
			 size_t length, struct faults *faults, struct err_detail *detail,
			 enum err *err)
{
	return schema_decode_edit(arena, schema, (struct json_piece){ body, length },
				  (struct json_piece){ 0 }, faults, detail, err);
}

/* ---- of a known sender ---- */

/* Only a number or word of strict JSON counts; anything else there is a fault, as an array or object is. */
static struct given give_piece(struct arena *arena, struct json_piece piece)
{
	struct given given = { .kind = GIVEN_TEXT };
	const char *problem = "it is no single value";
	struct json_object *value = NULL;

	if (!piece.text)
		return (struct given){ .kind = GIVEN_NOTHING };
	if (*piece.text == '"') {
		given.text = json_pick_text(arena, piece, &given.length);
		return given;
	}
	if (*piece.text != '{' && *piece.text != '[')
		value = json_in(arena, piece.text, piece.length, &problem);
	return problem ? (struct given){ .kind = GIVEN_LIST } : given_of(arena, value);
}

void *schema_pick_body(struct arena *arena, const struct schema *schema, const char *body,
		       size_t length, struct faults *faults)
{
	size_t count = schema_count(schema);
	struct given *given = arena_alloc(arena, count * sizeof(*given));

	body = text_skip_mark(body, &length);
	struct json_piece top = json_pick_object(body, length);
	struct json_piece object = json_pick(arena, top, schema->at);
	if (!top.text)
		return NULL;
	for (size_t i = 0; i < count; i++)
		given[i] =
			give_piece(arena, json_pick(arena, object, schema_field(schema, i)->name));
	return schema_fill(arena, schema, given, faults);
}
