#include "market/submission_lists.h"

#include "market/status.h"
#include "market/tasks.h"
#include "store/doc.h"

void submission_list_own(struct call *call, struct list *list)
{
	*list = call_own_list(call, SUBMISSIONS, "worker_id", NULL, "own submissions");
}

void submission_list_approved(struct call *call, struct list *list)
{
	*list = call_own_list(call, SUBMISSIONS, "worker_id", DOC(call->arena, STATUS(APPROVED)),
			      "approved submissions");
	list->limit_default = LIST_LIMIT_UNPAGED;
}

void submission_list_to_review(struct call *call, struct list *list)
{
	*list = call_own_list(call, SUBMISSIONS, "buyer_id", DOC(call->arena, STATUS(PENDING)),
			      "submissions to review");
	list->ascending = true;
}

void submission_list_all(struct call *call, struct list *list)
{
	*list = (struct list){ .in = SUBMISSIONS,
			       .filter = DOC(call->arena, NULL),
			       .name = "all submissions" };
}

/* Whose submissions to a task may they see? A cancelled task is there for those who submitted to it, and for the review
 * of its submissions. */
static enum err of_task_check(struct call *call, const struct id *id, bool *all)
{
	const bson_t *task;
	enum err err = call_read(call, TASKS, id, &task);

	if (err != OK)
		return err;
	*all = call_is_admin(call) || call_owns(call, task, "buyer_id");
	if (*all)
		return OK;
	err = task_read(call, id, &task);
	return err == OK && call->caller->role != ROLE_WORKER ? ERR_NOT_OWNER : err;
}

enum err submission_list_of_task(struct call *call, const struct id *id, struct list *list)
{
	struct arena *arena = call->arena;
	bool all = false;
	enum err err = of_task_check(call, id, &all);

	if (err != OK)
		return err;
	bson_t *filter = DOC(arena, ID("task_id", id));
	if (!all)
		BSON_APPEND_OID(filter, "worker_id", doc_oid(&call->caller->id));
	*list = (struct list){
		.in = SUBMISSIONS,
		.filter = filter,
		.name = LIST_NAME(arena, "submissions of task", id_text(arena, id),
				  all ? "all" : "own"),
		.limit_default = LIST_LIMIT_UNPAGED,
		/* totals of a worker's own are not those of all */
		.count_key = call_own_name(
			call, LIST_NAME(arena, "submissions of task", id_text(arena, id))),
	};
	return OK;
}

static bool sum_take(void *context, const bson_t *doc)
{
	*(int64_t *)context = doc_whole(doc, "coins", 0);
	return false;
}

enum err submission_earnings(struct call *call, int64_t *coins)
{
	bson_t *pipeline = PIPELINE(
		call->arena, STAGE("$match", ID("worker_id", &call->caller->id), STATUS(APPROVED)),
		STAGE("$group", NONE("_id"), SUB("coins", TEXT("$sum", "$payable_amount"))));

	*coins = 0;
	return db_aggregate(call->db, SUBMISSIONS, pipeline, NULL, sum_take, coins);
}
