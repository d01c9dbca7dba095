/*
 * Documents out as data: which fields of a record are shown, as what, to whom.
 *
 * A view is a whitelist: a field without a row never leaves the service. Records are written through views by
 * http/render.h straight from BSON; the OpenAPI document prints the same rows.
 */
#ifndef JSON_VIEW_H
#define JSON_VIEW_H

#include "base/count.h"

#include <stdbool.h>
#include <stddef.h>

enum view_type {
	VIEW_ID,
	VIEW_TEXT,
	VIEW_WHOLE, /* an int32, int64 or double: older data has all three */
	VIEW_MONEY,
	VIEW_DATE,
	VIEW_BOOL,
	VIEW_OBJECT, /* of the view in `of` */
	VIEW_LIST, /* of objects of the view in `of`; of texts when it is NULL */
};

enum view_flag {
	VIEW_PRIVATE = 1 << 0, /* shown to the record's owner and to admins only */
	VIEW_ALWAYS = 1 << 1, /* written as 0, "" or false when the record lacks it */
	VIEW_OPTIONAL = 1 << 2, /* may be missing in the answer */
	VIEW_OR_ID = 1 << 3, /* of an OBJECT: its id alone when the record was removed */
	VIEW_OR_NULL = 1 << 4, /* of a TEXT or DATE: written as null when the record lacks it */
};

struct view_row {
	const char *field;
	enum view_type type;
	unsigned flags;
	const struct view *of;
	const char *help; /* one line, for the OpenAPI document; may be NULL */
	const char *example; /* JSON text; may be NULL */
	const char *const *known; /* of a TEXT: its words today, then NULL; or NULL: any */
};

/* A row; other members of struct view_row may follow: MEMBER("price", MONEY, .help = "Dollars", .example = "10"). */
#define MEMBER(called, kind, ...)                                   \
	{                                                           \
		.field = (called), .type = VIEW_##kind, __VA_ARGS__ \
	}

/* A row's words in place: .known = KNOWN("pending", "approved") */
#define KNOWN(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct view {
	const char *name; /* of the OpenAPI component */
	const struct view *base; /* whose rows come first; or NULL */
	/* Has the id of the record's owner, for VIEW_PRIVATE rows; or NULL. */
	const char *owner_field;
	const struct view_row *rows;
	size_t count;
};

/* The most rows of a view, those of its base among them: http/render.h has a bit for each. */
#define VIEW_ROWS_MAX 64

/* The view of an array of rows; other members may follow: VIEW_OF("Top", top_rows, .base = &task_view). */
#define VIEW_OF(title, array, ...)                                                      \
	{                                                                               \
		.name = (title), .rows = (array), .count = COUNT_OF(array), __VA_ARGS__ \
	}

/* The rows of a view as one run, those of its base first. */
size_t view_count(const struct view *view);
const struct view_row *view_row(const struct view *view, size_t index);

/* The first row of this type, OBJECT or LIST, that has a view in `of`; NULL: there is none. */
const struct view_row *view_member(const struct view *view, enum view_type type);

/* Has the view at most VIEW_ROWS_MAX rows, and each view within it, too? */
bool view_fits(const struct view *view);

#endif
