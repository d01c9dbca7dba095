#include "market/task_lists.h"

#include "market/tasks.h"
#include "market/users.h"
#include "market/words.h"
#include "store/doc.h"

enum { TOP_WORKERS = 6 };

/* ---- open tasks ---- */

static bool task_id_take(void *ids, const bson_t *submission)
{
	struct id id;

	if (doc_id(submission, "task_id", &id))
		doc_array_id(ids, &id);
	return true;
}

/* Grows with the worker's own history alone, and is read from the index. */
static enum err leave_out_submitted(struct call *call, bson_t *filter)
{
	struct arena *arena = call->arena;
	struct doc_array tasks = doc_array_new(arena);
	enum err err = db_each(
		call->db, SUBMISSIONS, DOC(arena, "worker_id", BCON_ID(&call->caller->id)),
		DOC(arena, "projection", "{", "_id", BCON_INT32(0), "task_id", BCON_INT32(1), "}"),
		task_id_take, &tasks);

	if (err == OK && tasks.count)
		bson_concat(filter, DOC(arena, "_id", "{", "$nin", BCON_ARRAY(tasks.doc), "}"));
	return err;
}

static void filter_by_query(struct call *call, const struct task_query *query, bson_t *filter)
{
	static const char *const text_fields[] = { "task_title", "task_detail" };
	bson_t *words =
		query->words ? words_filter(call->arena, query->words, text_fields, 2) : NULL;

	if (query->category && *query->category)
		BSON_APPEND_UTF8(filter, "category", query->category);
	if (query->min_payable.given)
		bson_concat(filter, DOC(call->arena, "payable_amount", "{", "$gte",
					BCON_INT64(query->min_payable.value), "}"));
	if (words)
		bson_concat(filter, words);
}

static void order_by(const char *sort, struct list *list)
{
	list->ascending = sort && *sort != '-';
	list->order_field = !sort ? "createdAt" : sort + (*sort == '-');
}

enum err task_list_open(struct call *call, const struct task_query *query, struct list *list)
{
	struct arena *arena = call->arena;
	bool worker = call->caller->known && call->caller->role == ROLE_WORKER;
	bson_t *filter = task_open_filter(arena, call->now);
	enum err err = worker ? leave_out_submitted(call, filter) : OK;

	filter_by_query(call, query, filter);
	*list = (struct list){ .in = TASKS, .filter = filter };
	order_by(query->sort, list);
	list->name = arena_printf(
		arena, "open tasks|%lld|%s|%s",
		query->min_payable.given ? (long long)query->min_payable.value : 0,
		query->category ? query->category : "", query->words ? query->words : "");
	/* whoever sees the list: a cursor goes on where it was, but totals are a worker's own */
	list->count_key = arena_printf(arena, "%s|%s", list->name,
				       worker ? id_text(arena, &call->caller->id) : "");
	return err;
}

/* ---- one's own, and everybody's ---- */

void task_list_own(struct call *call, struct list *list)
{
	struct arena *arena = call->arena;

	*list = (struct list){
		.in = TASKS,
		.filter = DOC(arena, "buyer_id", BCON_ID(&call->caller->id), "status", "{", "$ne",
			      BCON_UTF8("cancelled"), "}"),
		.name = call_own_name(call, "own tasks"),
		.order_field = "createdAt",
		.limit_default = LIST_LIMIT_UNPAGED,
	};
}

void task_list_all(struct call *call, const char *status, struct list *list)
{
	struct arena *arena = call->arena;

	*list = (struct list){
		.in = TASKS,
		.filter = status ? DOC(arena, "status", BCON_UTF8(status)) :
				   DOC(arena, "status", "{", "$ne", BCON_UTF8("cancelled"), "}"),
		.name = arena_printf(arena, "all tasks|%s", status ? status : ""),
		.order_field = "createdAt",
	};
}

void task_counts_add(struct task_counts *counts, const bson_t *task)
{
	struct counted_task *kept = &counts->tasks[counts->count++];

	kept->doc = doc_copy(counts->arena, task);
	doc_id(task, "_id", &kept->id);
}

static bool count_take(void *context, const bson_t *doc)
{
	struct task_counts *counts = context;
	struct id id;

	if (!doc_id(doc, "_id", &id))
		return true;
	for (size_t i = 0; i < counts->count; i++) {
		if (!id_equal(&counts->tasks[i].id, &id))
			continue;
		counts->tasks[i].submissions = doc_whole(doc, "submissions", 0);
		counts->tasks[i].pending = doc_whole(doc, "pending", 0);
	}
	return true;
}

enum err task_counts_read(struct call *call, struct task_counts *counts)
{
	struct arena *arena = call->arena;
	struct doc_array ids = doc_array_new(arena);

	if (!counts->count)
		return OK;
	for (size_t i = 0; i < counts->count; i++)
		doc_array_id(&ids, &counts->tasks[i].id);
	bson_t *pipeline =
		DOC(arena, "0", "{", "$match", "{", "task_id", "{", "$in", BCON_ARRAY(ids.doc), "}",
		    "}", "}", "1", "{", "$group", "{", "_id", BCON_UTF8("$task_id"), "submissions",
		    "{", "$sum", BCON_INT32(1), "}", "pending", "{", "$sum", "{", "$cond", "[", "{",
		    "$eq", "[", BCON_UTF8("$status"), BCON_UTF8("pending"), "]", "}", BCON_INT32(1),
		    BCON_INT32(0), "]", "}", "}", "}", "}");
	return db_aggregate(call->db, SUBMISSIONS, pipeline, NULL, count_take, counts);
}

/* ---- workers ---- */

enum err top_workers_each(struct call *call, db_row row, void *context)
{
	struct arena *arena = call->arena;

	return db_each(call->db, USERS, users_active(arena, ROLE_WORKER),
		       DOC(arena, "sort", "{", "coins", BCON_INT32(-1), "_id", BCON_INT32(-1), "}",
			   "limit", BCON_INT64(TOP_WORKERS)),
		       row, context);
}
