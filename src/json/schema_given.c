#include "json/schema_private.h"

#include <json-c/json.h>
#include <string.h>

static struct given give_list(struct arena *arena, struct json_object *list)
{
	size_t count = json_object_array_length(list);
	struct given *items = arena_alloc(arena, count * sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = given_of(arena, json_object_array_get_idx(list, i));
	return (struct given){ .kind = GIVEN_LIST, .items = items, .count = count };
}

/* json-c keeps the source of a double as its text, so numbers stay exact on their way. */
static struct given give_plain(struct json_object *value, enum given_kind kind)
{
	struct given given = { .kind = kind };

	given.text =
		json_object_to_json_string_length(value, JSON_C_TO_STRING_PLAIN, &given.length);
	return given;
}

struct given given_of(struct arena *arena, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return (struct given){ .kind = GIVEN_TEXT,
				       .text = json_object_get_string(value),
				       .length = (size_t)json_object_get_string_len(value) };
	case json_type_int:
	case json_type_double:
		return give_plain(value, GIVEN_NUMBER);
	case json_type_boolean:
		return give_plain(value, GIVEN_BOOL);
	case json_type_array:
		return give_list(arena, value);
	case json_type_object:
		return (struct given){ .kind = GIVEN_OBJECT, .object = value };
	case json_type_null:
		break;
	}
	return (struct given){ .kind = GIVEN_NOTHING };
}

struct json_object *given_at(struct arena *arena, struct json_object *from, const char *path)
{
	struct json_object *found = NULL;

	if (!from || !path || !*path)
		return from;
	char *pointer = arena_printf(arena, "/%s", path);
	for (char *dot = pointer; (dot = strchr(dot, '.')) != NULL;)
		*dot = '/';
	return json_pointer_get(from, pointer, &found) == 0 ? found : NULL;
}

struct given *given_members(struct arena *arena, const struct schema *schema,
			    struct json_object *object)
{
	size_t count = schema_count(schema);
	struct given *given = arena_alloc(arena, count * sizeof(*given));

	for (size_t i = 0; i < count; i++)
		given[i] = given_of(arena, given_at(arena, object, schema_field(schema, i)->name));
	return given;
}
