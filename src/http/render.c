#include "http/render.h"

#include "store/doc.h"

#include <string.h>

static void number_write(struct json *json, const char *key, const bson_iter_t *at)
{
	int64_t whole;

	if (!doc_iter_number(at, &whole))
		json_null(json, key);
	else if (BSON_ITER_HOLDS_DOUBLE(at) && bson_iter_double(at) != (double)whole)
		json_double(json, key, bson_iter_double(at));
	else
		json_int(json, key, whole);
}

static void text_write(struct json *json, const char *key, const char *text, size_t length)
{
	size_t used = json->out->length - json->start;
	size_t room = used < RENDER_MAX ? RENDER_MAX - used : 0;

	json_text_most(json, key, text, length, room / 2);
}

/* Older data may hold another type than the row says; it is shown as what it is. */
static void value_write(struct json *json, const char *key, const bson_iter_t *at)
{
	struct id id;
	uint32_t length;
	const char *text;

	switch (bson_iter_type(at)) {
	case BSON_TYPE_UTF8:
		text = bson_iter_utf8(at, &length);
		text_write(json, key, text, length);
		break;
	case BSON_TYPE_OID:
		memcpy(id.bytes, bson_iter_oid(at)->bytes, sizeof id.bytes);
		json_id(json, key, &id);
		break;
	case BSON_TYPE_DATE_TIME:
		json_date(json, key, bson_iter_date_time(at));
		break;
	case BSON_TYPE_BOOL:
		json_bool(json, key, bson_iter_bool(at));
		break;
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
	case BSON_TYPE_DOUBLE:
		number_write(json, key, at);
		break;
	default:
		json_null(json, key);
	}
}

/* The place of a field's row, or count. Records keep their fields in much the same order as views: look on from the
 * last hit, then all around. */
static size_t row_find(const struct view *view, size_t count, const char *field, size_t *from)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = (*from + i) % count;
		const char *name = view_row(view, n)->field;

		if (*name == *field && !strcmp(name, field)) {
			*from = n + 1;
			return n;
		}
	}
	return count;
}

static bool sees_private(const struct view *view, const bson_t *doc, const struct caller *viewer)
{
	struct id owner;

	if (!viewer || !viewer->known)
		return false;
	if (viewer->role == ROLE_ADMIN)
		return true;
	return view->owner_field && doc_id(doc, view->owner_field, &owner) &&
	       id_equal(&owner, &viewer->id);
}

static void missing_write(struct json *json, const struct view_row *row)
{
	if (row->flags & VIEW_OR_NULL) {
		json_null(json, row->field);
		return;
	}
	switch (row->type) {
	case VIEW_WHOLE:
	case VIEW_MONEY:
		json_int(json, row->field, 0);
		break;
	case VIEW_BOOL:
		json_bool(json, row->field, false);
		break;
	default:
		json_text(json, row->field, "");
	}
}

void render_members(struct json *json, const struct view *view, const bson_t *doc,
		    const struct caller *viewer)
{
	bool private = sees_private(view, doc, viewer);
	uint64_t written = 0;
	size_t from = 0, count = view_count(view);
	bson_iter_t at;

	bson_iter_init(&at, doc);
	while (bson_iter_next(&at)) {
		size_t n = row_find(view, count, bson_iter_key(&at), &from);

		if (n == count || (view_row(view, n)->flags & VIEW_PRIVATE && !private))
			continue;
		value_write(json, view_row(view, n)->field, &at);
		written |= UINT64_C(1) << n;
	}
	for (size_t n = 0; n < count; n++)
		if (view_row(view, n)->flags & (VIEW_ALWAYS | VIEW_OR_NULL) &&
		    !(written & UINT64_C(1) << n))
			missing_write(json, view_row(view, n));
}

void render(struct json *json, const char *key, const struct view *view, const bson_t *doc,
	    const struct caller *viewer)
{
	json_object(json, key);
	render_members(json, view, doc, viewer);
	json_end(json);
}

void render_field(struct json *json, const char *key, const bson_t *doc, const char *field)
{
	bson_iter_t at;

	if (bson_iter_init_find(&at, doc, field))
		value_write(json, key, &at);
	else
		json_null(json, key);
}
