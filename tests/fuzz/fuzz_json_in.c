/* Strict JSON: what is taken is taken again when it is written out, and is valid UTF-8. */
#include "base/encoding.h"
#include "fuzz.h"
#include "json/json_in.h"

#include <json-c/json.h>

static void take_again(struct arena *arena, struct json_object *tree)
{
	size_t length;
	const char *problem;
	const char *text = json_object_to_json_string_length(tree, JSON_C_TO_STRING_PLAIN, &length);

	promise(utf8_valid(text, length));
	json_in(arena, text, length, &problem);
	promise(problem == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *problem;
	struct json_object *tree = json_in(arena, (const char *)data, size, &problem);

	promise(tree == NULL || problem == NULL);
	if (tree)
		take_again(arena, tree);
	arena_free(arena);
	return 0;
}
