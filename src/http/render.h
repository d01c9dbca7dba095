/* Records as JSON: BSON through a view straight into the answer, with no tree in between. */
#ifndef HTTP_RENDER_H
#define HTTP_RENDER_H

#include "auth/caller.h"
#include "json/json_out.h"
#include "json/view.h"

#include <bson/bson.h>

/*
 * The most that is written after json_start(), for an answer or for one row of it, so that neither outgrows ANSWER_MAX.
 * A text of a record may take half of the room that is left, then it is cut, with an ellipsis. This service accepts
 * none so long; an older server took megabytes.
 */
#define RENDER_MAX ((size_t)3 * 1024 * 1024)

/* Writes doc as an object under key (NULL in an array, or for the top value). viewer decides about
 * VIEW_PRIVATE rows: they are for the record's owner and for admins. */
void render(struct json *json, const char *key, const struct view *view, const bson_t *doc,
	    const struct caller *viewer);

/* Writes the members alone, into an object that is open: for answers that add members of their own. */
void render_members(struct json *json, const struct view *view, const bson_t *doc,
		    const struct caller *viewer);

/* Writes one field under another name; null when the record lacks it. */
void render_field(struct json *json, const char *key, const bson_t *doc, const char *field);

#endif
