#include "json/json_edit.h"

#include <json-c/json.h>
#include <string.h>

static bool has_text(const struct json_object *object, const char *name, const char *text)
{
	struct json_object *member;

	return json_object_object_get_ex(object, name, &member) &&
	       json_object_is_type(member, json_type_string) &&
	       !strcmp(json_object_get_string(member), text);
}

bool json_replace(struct json_object *tree, const char *beside, const char *is, const char *name,
		  const char *text)
{
	bool any = false;

	if (json_object_is_type(tree, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			any |= json_replace(json_object_array_get_idx(tree, i), beside, is, name,
					    text);
	} else if (json_object_is_type(tree, json_type_object)) {
		json_object_object_foreach(tree, key, member)
		{
			(void)key;
			any |= json_replace(member, beside, is, name, text);
		}
		if (has_text(tree, beside, is) && json_object_object_get_ex(tree, name, NULL)) {
			json_object_object_add(tree, name, json_object_new_string(text));
			any = true;
		}
	}
	return any;
}

const char *json_written(struct json_object *tree)
{
	return json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
}
