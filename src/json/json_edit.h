/* Changing texts in JSON that was read (json_in.h), and writing it again. */
#ifndef JSON_JSON_EDIT_H
#define JSON_JSON_EDIT_H

#include <stdbool.h>

struct json_object;

/*
 * In each object of the tree, at any depth, whose member `beside` is the text `is`, sets the member `name`, if it has
 * one, to `text`. Returns whether it set any. The tree may be NULL.
 */
bool json_replace(struct json_object *tree, const char *beside, const char *is, const char *name,
		  const char *text);

/* The tree as JSON without white space, its members in the order in which they were read and its numbers as they were
 * written; lives as long as the tree. */
const char *json_written(struct json_object *tree);

#endif
