#include "store/list.h"

#include "base/clock.h"
#include "store/cursor.h"
#include "store/doc.h"
#include "store/totals.h"

#include <string.h>

/* Each part with its length in front of it: then no text can look like the next part. */
const char *list_name(struct arena *arena, const char *const parts[], size_t count)
{
	const char *name = "";

	for (size_t i = 0; i < count; i++)
		name = parts[i] ?
			       arena_printf(arena, "%s%zu:%s", name, strlen(parts[i]), parts[i]) :
			       arena_printf(arena, "%s-", name);
	return name;
}

/* ---- totals ---- */

/* Exact as far as this; beyond it a total may be a few seconds old. */
enum { EXACT_MAX = 10000 };

/* Of what is left out: counted among few, else as of a moment ago; before that is known, none. */
static enum err left_out(struct db *db, struct arena *arena, const struct list *list,
			 const char *name, const struct page *page, int64_t *count)
{
	const struct total total = {
		.name = arena_printf(arena, "left out of %s", name),
		.in = list->except->in,
		.pipeline = except_pipeline(arena, list->in, list->filter, list->except),
	};

	*count = 0;
	if (!page->approximate)
		return except_count(db, list->in, list->filter, EXACT_MAX, list->except, count);
	int64_t now = clock_steady();
	total_order(db, &total, now);
	(void)total_wait(db, &total, now, now, count);
	return OK;
}

/* No count fails a list: what has been seen of it is told then. */
static void total_find(struct db *db, struct arena *arena, const struct list *list, int64_t seen,
		       struct page *page)
{
	const struct total total = {
		.name = list->count_key ? list->count_key : list->name,
		.in = list->in,
		.filter = list->filter,
		.many_filter = list->many_filter,
		.index = list->count_index,
	};
	int64_t out = 0;
	enum err err = total_count(db, arena, &total, EXACT_MAX, seen, false, &page->total,
				   &page->approximate);

	if (err == OK && list->except)
		err = left_out(db, arena, list, total.name, page, &out);
	page->total -= out;
	if (err == OK && page->total >= seen)
		return;
	page->total = seen;
	page->approximate = true;
}

/* A user who has just read everything must see 0. */
enum err list_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		    const char *name, int64_t *count)
{
	const struct total total = { .name = name, .in = in, .filter = filter };
	bool approximate;

	return total_count(db, arena, &total, EXACT_MAX, 0, true, count, &approximate);
}

/* ---- the page ---- */

/* So many records are read before their size is known: all of most pages. */
enum { FIRST_BATCH = 32 };

struct reading {
	const struct list *list;
	struct arena *arena;
	db_row row;
	void *context;
	int64_t limit, shown;
	int64_t skip; /* records to be passed over here */
	const char *next, *last;
};

/* One record more than the page is read: if it is there, there is a next page. */
static bool take(void *context, const bson_t *doc)
{
	struct reading *reading = context;

	if (reading->skip > 0) {
		reading->skip--;
		return true;
	}
	if (reading->shown == reading->limit || !reading->row(reading->context, doc)) {
		reading->next = reading->last;
		return false;
	}
	reading->shown++;
	reading->last = cursor_write(reading->arena, reading->list, doc);
	return true;
}

static enum err page_read(struct db *db, struct reading *reading, const bson_t *filter,
			  int64_t skip)
{
	struct arena *arena = reading->arena;
	const struct list *list = reading->list;
	int32_t direction = list->ascending ? 1 : -1;
	bson_t *options =
		DOC(arena, SUB("sort", INT(list->order_field, direction), INT("_id", direction)),
		    WHOLE("batchSize", FIRST_BATCH));

	if (list->except) {
		reading->skip = skip;
		return except_each(db, list->in, filter, options, list->except, take, reading);
	}
	BSON_APPEND_INT64(options, "limit", reading->limit + 1);
	if (skip)
		BSON_APPEND_INT64(options, "skip", skip);
	return db_each(db, list->in, filter, options, take, reading);
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

/* There are at least so many: those of the pages before, if any were there, those shown, and the next. */
static int64_t records_seen(const struct reading *reading, int64_t skip)
{
	return reading->shown ? skip + reading->shown + (reading->next != NULL) : 0;
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
		total_find(db, arena, list, records_seen(&reading, skip), page);
	page->pages = (page->total + reading.limit - 1) / reading.limit;
	return OK;
}
