#include "store/list.h"

#include "base/clock.h"
#include "store/cached_total.h"
#include "store/cursor.h"
#include "store/doc.h"

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

static struct list_order order_of(const struct list *list)
{
	return (struct list_order){
		.list = list->name,
		.field = list->order_field ? list->order_field : "createdAt",
		.ascending = list->ascending,
	};
}

/* ---- totals ---- */

/* Exact as far as this; beyond it a total may be a few seconds old. */
enum { EXACT_MAX = 10000 };

static bool one_more(void *count, const bson_t *doc)
{
	(void)doc;
	++*(int64_t *)count;
	return true;
}

/* The total without what is left out: exact for few records, else as of a moment ago, and at first as if nothing
 * were. */
static enum err leave_out(struct db *db, struct arena *arena, const struct list *list,
			  struct page *page)
{
	const struct total total = {
		.name = list->except->name,
		.in = list->except->in,
		.pipeline = except_pipeline(arena, list->in, list->filter, list->except),
	};
	int64_t now = clock_steady(), out = 0;

	if (!page->approximate) {
		page->total = 0;
		return except_each(
			db, list->in, list->filter,
			DOC(arena, SUB("projection", INT("_id", 1)), WHOLE("limit", EXACT_MAX)),
			list->except, one_more, &page->total);
	}
	cached_total_order(db, &total, now);
	(void)cached_total_wait(db, &total, now, now, &out);
	page->total -= out;
	return OK;
}

static enum err take_off(struct db *db, struct arena *arena, const struct list *list,
			 struct page *page)
{
	const struct total less = { .in = list->in, .filter = list->less, .index = "_id_" };
	int64_t out;
	enum err err = total_now(db, arena, &less, &out);

	if (err == OK)
		page->total -= out;
	return err;
}

/* No count fails a list: what has been seen of it is told then. */
static void total_find(struct db *db, struct arena *arena, const struct list *list, int64_t seen,
		       struct page *page)
{
	const struct total total = {
		.name = list->count_key ? list->count_key : list->name,
		.in = list->in,
		.filter = list->whole ? list->whole : list->filter,
		.many_filter = list->many_filter,
		.index = list->count_index,
	};
	enum err err = cached_total_count(db, arena, &total, EXACT_MAX, seen, false, &page->total,
					  &page->approximate);

	if (err == OK && list->less)
		err = take_off(db, arena, list, page);
	if (err == OK && list->except)
		err = leave_out(db, arena, list, page);
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

	return cached_total_count(db, arena, &total, EXACT_MAX, 0, true, count, &approximate);
}

/* ---- the page ---- */

/* So many records are read at first where some are left out and it is not known how many of them. */
enum { FIRST_BATCH = 32 };
/* Of a short list so many are read beyond the page: ten cost less than another command. */
enum { BEYOND_MAX = 16 };

struct listing {
	const struct list *list;
	struct list_order order;
	struct arena *arena;
	db_row row;
	void *context;
	int64_t limit, shown;
	int64_t skip; /* records to be passed over here */
	int64_t beyond,
		beyond_max; /* behind the page: read, and to be read where there are so many */
	struct cursor last; /* after the record that was shown last */
	const char *next;
};

/* One record more than the page is read at least: if it is there, there is a next page. */
static bool take(void *context, const bson_t *doc)
{
	struct listing *listing = context;

	if (listing->skip > 0) {
		listing->skip--;
		return true;
	}
	if (listing->next)
		return ++listing->beyond < listing->beyond_max;
	if (listing->shown == listing->limit || !listing->row(listing->context, doc)) {
		listing->next = cursor_write(listing->arena, &listing->order, &listing->last);
		return ++listing->beyond < listing->beyond_max;
	}
	listing->shown++;
	cursor_set(&listing->last, &listing->order, doc);
	return true;
}

static enum err page_read(struct db *db, struct listing *listing, const bson_t *filter,
			  int64_t skip)
{
	struct arena *arena = listing->arena;
	const struct list *list = listing->list;
	int32_t direction = list->ascending ? 1 : -1;
	bson_t *options = DOC(
		arena, SUB("sort", INT(listing->order.field, direction), INT("_id", direction)));

	if (list->except) {
		listing->skip = skip;
		BSON_APPEND_INT32(options, "batchSize", FIRST_BATCH);
		return except_each(db, list->in, filter, options, list->except, take, listing);
	}
	BSON_APPEND_INT64(options, "limit", listing->limit + listing->beyond_max);
	if (skip)
		BSON_APPEND_INT64(options, "skip", skip);
	return db_each(db, list->in, filter, options, take, listing);
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

/* Where the end of the list was read, it tells the total without counting. */
static bool total_seen(const struct listing *listing, bool after, int64_t skip)
{
	return !after && listing->beyond < listing->beyond_max && (listing->shown > 0 || skip == 0);
}

/* There are at least so many: those of the pages before, if any were there, those shown, and the next. */
static int64_t records_seen(const struct listing *listing, int64_t skip)
{
	return listing->shown ? skip + listing->shown + listing->beyond : 0;
}

enum err list_run(struct db *db, struct arena *arena, const struct list *list,
		  const struct page_query *asked, db_row row, void *context, struct page *page)
{
	struct listing listing = { .list = list,
				   .order = order_of(list),
				   .arena = arena,
				   .row = row,
				   .context = context };
	const bson_t *filter = list->filter;
	enum err err = OK;

	listing.limit = limit_of(list, asked);
	listing.beyond_max = list->is_short && !asked->after ? BEYOND_MAX : 1;
	*page = (struct page){ .current = asked->page.given ? asked->page.value : 1 };
	int64_t skip =
		saturated(page->current, listing.limit) ? -1 : (page->current - 1) * listing.limit;
	if (asked->after) {
		filter = cursor_filter(arena, &listing.order, filter, asked->after);
		if (!filter)
			return ERR_INVALID_INPUT;
		skip = 0;
	}
	if (skip >= 0)
		err = page_read(db, &listing, filter, skip);
	if (err != OK)
		return err;
	page->next = listing.next;
	if (total_seen(&listing, asked->after != NULL, skip))
		page->total = skip + listing.shown + listing.beyond;
	else
		total_find(db, arena, list, records_seen(&listing, skip), page);
	page->pages = (page->total + listing.limit - 1) / listing.limit;
	return OK;
}
