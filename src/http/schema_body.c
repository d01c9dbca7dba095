#include "http/json_in.h"
#include "http/schema.h"
#include "http/schema_private.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static struct given give(struct arena *arena, struct json_object *value);

static struct given give_list(struct arena *arena, struct json_object *list)
{
	size_t count = json_object_array_length(list);
	struct given *items = arena_alloc(arena, count * sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = give(arena, json_object_array_get_idx(list, i));
	return (struct given){ .kind = GIVEN_LIST, .items = items, .count = count };
}

/* json-c keeps the source of a double as its text, so numbers stay exact on their way. */
static struct given give_number(struct json_object *number)
{
	struct given given = { .kind = GIVEN_NUMBER };

	given.text =
		json_object_to_json_string_length(number, JSON_C_TO_STRING_PLAIN, &given.length);
	return given;
}

static struct given give_bool(struct json_object *value)
{
	const char *text = json_object_get_boolean(value) ? "true" : "false";

	return (struct given){ .kind = GIVEN_BOOL, .text = text, .length = strlen(text) };
}

static struct given give(struct arena *arena, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return (struct given){ .kind = GIVEN_NOTHING };
	case json_type_string:
		return (struct given){ .kind = GIVEN_TEXT,
				       .text = json_object_get_string(value),
				       .length = (size_t)json_object_get_string_len(value) };
	case json_type_int:
	case json_type_double:
		return give_number(value);
	case json_type_boolean:
		return give_bool(value);
	case json_type_array:
		return give_list(arena, value);
	case json_type_object:
		return (struct given){ .kind = GIVEN_OBJECT, .object = value };
	}
	return (struct given){ .kind = GIVEN_NOTHING };
}

static struct json_object *member(struct arena *arena, struct json_object *of, const char *name,
				  size_t length)
{
	const char *word = arena_copy(arena, name, length);

	if (json_object_is_type(of, json_type_object))
		return json_object_object_get(of, word);
	if (!json_object_is_type(of, json_type_array) || strspn(word, "0123456789") != length)
		return NULL;
	return json_object_array_get_idx(of, (size_t)strtoul(word, NULL, 10));
}

/* What stands at a path of names and places; NULL when nothing does. */
static struct json_object *value_at(struct arena *arena, struct json_object *from, const char *path)
{
	while (from && path && *path) {
		size_t length = strcspn(path, ".");

		from = member(arena, from, path, length);
		path += length + (path[length] == '.');
	}
	return from;
}

const struct given *given_members(struct arena *arena, const struct schema *schema,
				  struct json_object *object)
{
	size_t count = schema_count(schema);
	struct given *given = arena_alloc(arena, count * sizeof(*given));

	for (size_t i = 0; i < count; i++)
		given[i] = give(arena, value_at(arena, object, schema_field(schema, i)->name));
	return given;
}

/* The object that a body must be, an empty one for no body; NULL with err and detail otherwise. */
static struct json_object *read_object(struct arena *arena, const char *body, size_t length,
				       struct err_detail *detail, enum err *err)
{
	const char *problem;
	struct json_object *root =
		json_in(arena, length > 0 ? body : "{}", length > 0 ? length : 2, &problem);

	if (!problem && !json_object_is_type(root, json_type_object))
		problem = "it is not an object";
	*err = problem ? ERR_INVALID_JSON : OK;
	if (problem)
		detail->sentence = arena_printf(arena, "The body is not strict JSON: %s.", problem);
	return problem ? NULL : root;
}

void *schema_decode_body(struct arena *arena, const struct schema *schema, const char *body,
			 size_t length, struct faults *faults, struct err_detail *detail,
			 enum err *err)
{
	struct json_object *root = read_object(arena, body, length, detail, err);

	if (!root)
		return NULL;
	root = value_at(arena, root, schema->at);
	return schema_fill(arena, schema, given_members(arena, schema, root), faults);
}

enum err schema_check_body(struct arena *arena, const char *body, size_t length,
			   struct err_detail *detail)
{
	enum err err;

	read_object(arena, body, length, detail, &err);
	return err;
}
