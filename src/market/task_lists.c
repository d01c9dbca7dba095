#include "market/task_lists.h"

#include "market/full_tasks.h"
#include "market/status.h"
#include "market/tasks.h"
#include "market/users.h"
#include "market/words.h"
#include "store/doc.h"

#include <inttypes.h>

enum { TOP_WORKERS = 6 };

/* ---- open tasks ---- */

/* A worker's history that is longer is looked up page by page. */
enum { HISTORY_SHORT = 1000 };

static bool task_id_take(void *ids, const bson_t *submission)
{
	struct id id;

	if (doc_id(submission, "task_id", &id))
		doc_array_id(ids, &id);
	return true;
}

/* Answered from the keys of an index. */
static enum err history_read(struct call *call, const bson_t *own, struct doc_array *tasks)
{
	return db_each(call->db, SUBMISSIONS, own,
		       DOC(call->arena, SUB("projection", INT("_id", 0), INT("task_id", 1)),
			   WHOLE("limit", HISTORY_SHORT + 1), WHOLE("batchSize", HISTORY_SHORT + 1),
			   TEXT("hint", "worker_task")),
		       task_id_take, tasks);
}

static const bson_t *narrowed(struct arena *arena, const bson_t *filter, const char *by,
			      const struct doc_array *tasks)
{
	bson_t *narrower = doc_copy(arena, filter);

	bson_concat(narrower, DOC(arena, SUB("_id", ARRAY(by, tasks->doc))));
	return narrower;
}

/* Tasks that the caller has submitted to: in the filter, where they are few. */
static enum err leave_out_submitted(struct call *call, struct list *list)
{
	struct arena *arena = call->arena;
	struct doc_array tasks = doc_array_new(arena);
	bson_t *own = DOC(arena, ID("worker_id", &call->caller->id));
	enum err err = history_read(call, own, &tasks);
	struct list_except *except = arena_alloc(arena, sizeof *except);

	if (err != OK || !tasks.count)
		return err;
	if (tasks.count <= HISTORY_SHORT) {
		list->whole = list->filter;
		list->less = narrowed(arena, list->whole, "$in", &tasks);
		list->filter = narrowed(arena, list->whole, "$nin", &tasks);
		return OK;
	}
	*except = (struct list_except){
		.in = SUBMISSIONS,
		.filter = own,
		.field = "task_id",
		.name = call_own_name(call, LIST_NAME(arena, "left out of", list->count_key)),
	};
	list->except = except;
	return OK;
}

static void filter_by_query(struct call *call, const struct task_query *query, bson_t *filter)
{
	static const char *const text_fields[] = { "task_title", "task_detail" };

	if (query->category)
		BSON_APPEND_UTF8(filter, "category", query->category);
	if (query->min_payable.given)
		bson_concat(filter, DOC(call->arena, SUB("payable_amount",
							 WHOLE("$gte", query->min_payable.value))));
	if (query->words)
		bson_concat(filter, words_filter(call->arena, query->words, text_fields, 2));
}

static void order_by(const char *sort, struct list *list)
{
	list->ascending = sort && *sort != '-';
	list->order_field = sort ? sort + (*sort == '-') : NULL;
}

/* The exact rule about deadlines makes the server look into each task; expires_at alone is in the index. Only tasks
 * that an older server wrote late may lack it. */
static void count_by_index(struct call *call, struct list *list)
{
	bson_t *filter = doc_new(call->arena);

	bson_copy_to_excluding_noinit(list->filter, filter, "completion_date", "expires_at", NULL);
	bson_concat(filter, DOC(call->arena, SUB("expires_at", DATE("$gt", call->now))));
	list->many_filter = filter;
	list->count_index = "listed_by_slots";
}

static const char *open_name(struct arena *arena, const struct task_query *query)
{
	const char *least = query->min_payable.given ?
				    arena_printf(arena, "%" PRId64, query->min_payable.value) :
				    NULL;

	return LIST_NAME(arena, "open tasks", least, query->category, query->words);
}

enum err task_list_open(struct call *call, const struct task_query *query, struct list *list)
{
	struct arena *arena = call->arena;
	bool worker = call->caller->known && call->caller->role == ROLE_WORKER;
	bson_t *filter = task_open_filter(arena, call->now);

	bson_concat(filter, DOC(arena, NOT_FULL));
	*list = (struct list){ .in = TASKS, .filter = filter, .name = open_name(arena, query) };
	list->count_key = list->name;
	filter_by_query(call, query, filter);
	order_by(query->sort, list);
	if (!query->words && !query->category && !query->min_payable.given)
		count_by_index(call, list);
	return worker ? leave_out_submitted(call, list) : OK;
}

/* ---- one's own, and everybody's ---- */

void task_list_own(struct call *call, struct list *list)
{
	*list = call_own_list(call, TASKS, "buyer_id", DOC(call->arena, STATUS_NOT(CANCELLED)),
			      "own tasks");
	list->limit_default = LIST_LIMIT_UNPAGED;
}

void task_list_all(struct call *call, const char *status, struct list *list)
{
	struct arena *arena = call->arena;

	*list = (struct list){
		.in = TASKS,
		.filter = status ? DOC(arena, TEXT("status", status)) :
				   DOC(arena, STATUS_NOT(CANCELLED)),
		.name = LIST_NAME(arena, "all tasks", status),
	};
}

void task_counts_add(struct task_counts *counts, const bson_t *task)
{
	doc_id(task, "_id", &counts->tasks[counts->count++].id);
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
	bson_t *pipeline = PIPELINE(
		arena, STAGE("$match", SUB("task_id", ARRAY("$in", ids.doc))),
		STAGE("$group", TEXT("_id", "$task_id"), SUB("submissions", INT("$sum", 1)),
		      SUB("pending", SUB("$sum", LIST("$cond",
						      ITEM(LIST("$eq", BCON_UTF8("$status"),
								BCON_UTF8("pending"))),
						      BCON_INT32(1), BCON_INT32(0))))));
	return db_aggregate(call->db, SUBMISSIONS, pipeline, NULL, count_take, counts);
}

/* ---- workers ---- */

enum err top_workers_each(struct call *call, db_row row, void *context)
{
	struct arena *arena = call->arena;

	return db_each(call->db, USERS, users_active(arena, ROLE_WORKER),
		       DOC(arena, SUB("sort", INT("coins", -1), INT("_id", -1)),
			   WHOLE("limit", TOP_WORKERS)),
		       row, context);
}
