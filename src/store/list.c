#include "store/list.h"

#include "store/cursor.h"
#include "store/doc.h"
#include "store/totals.h"

static const struct field page_fields[] = {
	{ .name = "page",
	  .type = FIELD_WHOLE,
	  .offset = offsetof(struct page_query, page),
	  .unless = "after",
	  .min = 1,
	  .max = INT64_MAX,
	  .help = "Which page, from 1; ignored when after is given",
	  .example = "1" },
	{ .name = "limit",
	  .type = FIELD_WHOLE,
	  .flags = FIELD_CLAMP,
	  .offset = offsetof(struct page_query, limit),
	  .min = 1,
	  .max = LIST_LIMIT_MAX,
	  .help = "Records a page; more than 100 counts as 100",
	  .example = "10" },
	{ .name = "after",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct page_query, after),
	  .max = 400,
	  .help = "The `next` of the page before: goes on behind it at constant cost" },
};

const struct schema page_schema = SCHEMA_OF("PageQuery", struct page_query, page_fields);

/* ---- totals ---- */

/* Exact as far as this; beyond it a total may be a few seconds old. */
enum { EXACT_MAX = 10000 };

static enum err total_find(struct db *db, struct arena *arena, const struct list *list,
			   struct page *page)
{
	const struct total total = {
		.name = list->count_key ? list->count_key : list->name,
		.in = list->in,
		.filter = list->filter,
		.exact_max = EXACT_MAX,
	};

	return total_read(db, arena, &total, &page->total, &page->approximate);
}

/* A user who has just read everything must see 0. */
enum err list_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		    const char *name, int64_t *count)
{
	const struct total total = {
		.name = name,
		.in = in,
		.filter = filter,
		.exact_max = EXACT_MAX,
		.look_first = true,
	};
	bool kept;

	return total_read(db, arena, &total, count, &kept);
}

/* ---- the page ---- */

struct reading {
	const struct list *list;
	struct arena *arena;
	db_row row;
	void *context;
	int64_t limit, shown;
	const char *next, *last;
};

/* One record more than the page is read: if it is there, there is a next page. */
static bool take(void *context, const bson_t *doc)
{
	struct reading *reading = context;

	if (reading->shown == reading->limit) {
		reading->next = reading->last;
		return false;
	}
	if (++reading->shown == reading->limit)
		reading->last = cursor_write(reading->arena, reading->list, doc);
	return reading->row(reading->context, doc);
}

static enum err page_read(struct db *db, struct reading *reading, const bson_t *filter,
			  int64_t skip)
{
	struct arena *arena = reading->arena;
	int32_t direction = reading->list->ascending ? 1 : -1;
	bson_t *options =
		DOC(arena, "sort", "{", reading->list->order_field, BCON_INT32(direction), "_id",
		    BCON_INT32(direction), "}", "limit", BCON_INT64(reading->limit + 1));

	if (skip)
		BSON_APPEND_INT64(options, "skip", skip);
	if (reading->list->fields)
		BSON_APPEND_DOCUMENT(options, "projection", reading->list->fields);
	return db_each(db, reading->list->in, filter, options, take, reading);
}

static int64_t limit_of(const struct list *list, const struct page_query *asked)
{
	if (asked->limit.given)
		return asked->limit.value;
	return list->limit_default ? list->limit_default : LIST_LIMIT_DEFAULT;
}

static bool saturated(int64_t page, int64_t limit)
{
	return page - 1 > INT64_MAX / 2 / limit;
}

/* Where a page is not full, or the first is, its end tells the total without counting. */
static bool total_seen(const struct reading *reading, bool after, int64_t skip)
{
	return !after && !reading->next && (reading->shown > 0 || skip == 0);
}

enum err list_run(struct db *db, struct arena *arena, const struct list *list,
		  const struct page_query *asked, db_row row, void *context, struct page *page)
{
	struct reading reading = { .list = list, .arena = arena, .row = row, .context = context };
	const bson_t *filter = list->filter;
	enum err err = OK;

	reading.limit = limit_of(list, asked);
	*page = (struct page){ .current = asked->page.given ? asked->page.value : 1 };
	int64_t skip =
		saturated(page->current, reading.limit) ? -1 : (page->current - 1) * reading.limit;
	if (asked->after) {
		filter = cursor_filter(arena, list, asked->after);
		if (!filter)
			return ERR_INVALID_INPUT;
		skip = 0;
	}
	if (skip >= 0)
		err = page_read(db, &reading, filter, skip);
	if (err != OK)
		return err;
	page->next = reading.next;
	if (total_seen(&reading, asked->after != NULL, skip))
		page->total = skip + reading.shown;
	else
		err = total_find(db, arena, list, page);
	page->pages = (page->total + reading.limit - 1) / reading.limit;
	return err;
}
