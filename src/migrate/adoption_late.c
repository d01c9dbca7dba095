/*
 * What comes late, when the data is adopted and in use: is there anything, and what do the books hold for it?
 *
 * Work that comes late for a task in the books may have its slot: it was handed in to us, and restored since. Or not: an
 * older server ran on. The journal tells: a task's escrow has what its open slots, its pending work in the books and such
 * work are worth.
 */
#include "migrate/adoption_private.h"

#include "store/snapshot.h"

/* ---- tasks in the books ---- */

/* Of a task: its open slots, and how many more its escrow pays that no pending work in the books takes. */
static const char slots[] = JSON([
	{
		"$lookup" : {
			"from" : "ledger",
			"localField" : "_id",
			"foreignField" : "task",
			"as" : "escrow",
			"pipeline" : [ {
				"$group" : {
					"_id" : null,
					"coins" : {
						"$sum" : {
							"$subtract" : [
								{
									"$cond" : [
										{
											"$eq" : [
												{
													"$substrBytes" : [
														"$to",
														0,
														7
													]
												},
												"escrow:"
											]
										},
										"$coins", 0
									]
								},
								{
									"$cond" : [
										{
											"$eq" : [
												{
													"$substrBytes" : [
														"$from",
														0,
														7
													]
												},
												"escrow:"
											]
										},
										"$coins", 0
									]
								}
							]
						}
					}
				}
			} ]
		}
	},
	{
		"$lookup" : {
			"from" : "submissions",
			"localField" : "_id",
			"foreignField" : "task_id",
			"as" : "pending",
			"pipeline" : [
				{ "$match" : { "status" : "pending", "adopted" : { "$gt" : 0 } } },
				{ "$count" : "n" }
			]
		}
	},
	{
		"$project" : {
			"open" : {
				"$cond" : [
					{ "$eq" : [ "$status", "active" ] }, "$required_workers", 0
				]
			},
			"pending" : { "$ifNull" : [ { "$first" : "$pending.n" }, 0 ] },
			"worth" : {
				"$floor" : {
					"$divide" : [
						{
							"$ifNull" : [
								{ "$first" : "$escrow.coins" }, 0
							]
						},
						{ "$max" : [ "$payable_amount", 1 ] }
					]
				}
			}
		}
	}
]);

enum err late_read(struct batch *batch, const struct doc_array *wanted, struct late_task **list,
		   size_t *count)
{
	struct arena *arena = batch->arena;
	const bson_t *task;

	*list = arena_alloc(arena, (wanted->count + 1) * sizeof **list);
	*count = 0;
	if (!wanted->count)
		return OK;
	struct snapshot *snapshot = snapshot_open(batch->db, arena, 0);
	bson_t *match = DOC(arena, SUB("_id", ARRAY("$in", wanted->doc)));
	struct rows *rows = snapshot_aggregate(
		snapshot, TASKS, doc_pipeline(arena, mark_ask(arena, TASKS, match), slots));
	while ((task = rows_next(rows))) {
		int64_t open = doc_whole(task, "open", 0);

		(*list)[(*count)++] = (struct late_task){
			.id = doc_own_id(task),
			.open = open,
			.paid = doc_whole(task, "worth", 0) - open - doc_whole(task, "pending", 0),
		};
	}
	rows_sort(*list, *count, sizeof **list);
	return snapshot_error(snapshot);
}

/* ---- is there anything? ---- */

static bool count_take(void *context, const bson_t *row)
{
	*(int64_t *)context += doc_whole(row, "n", 0);
	return true;
}

/* How many of the newest records that are worth something does the journal not know? */
static enum err sample_read(struct db *db, struct arena *arena, enum collection in,
			    const char *field, const char *amount, int64_t *unknown)
{
	bson_t *look = DOC(arena, TEXT("from", collection_name(LEDGER)), TEXT("localField", "_id"),
			   TEXT("foreignField", field), LIST("pipeline", ITEM(INT("$limit", 1))),
			   TEXT("as", "rows"));
	bson_t *worth = DOC(arena, SUB(amount, INT("$gte", 1)));
	bson_t *stages = PIPELINE(arena, STAGE("$sort", INT("_id", -1)), ITEM(INT("$limit", 1000)),
				  ITEM(PART("$match", mark_ask(arena, in, worth))),
				  ITEM(PART("$lookup", look)), STAGE("$match", EMPTY_LIST("rows")),
				  ITEM(TEXT("$count", "n")));

	return db_aggregate(db, in, stages, NULL, count_take, unknown);
}

/* Somebody may have dropped the journal, or restored an older one. The audit names all; this is to be quick. */
static enum err journal_look(const struct adoption_order *order, struct arena *arena)
{
	int64_t unknown = 0;
	enum err err = sample_read(order->db, arena, USERS, "user", "coins", &unknown);

	if (err == OK)
		err = sample_read(order->db, arena, TASKS, "task", "required_workers", &unknown);
	if (err == OK && unknown)
		fprintf(order->report,
			"The journal lacks %lld of the newest users and tasks: was the ledger dropped, or "
			"restored from an older backup? microtaskctl audit names them.\n",
			(long long)unknown);
	return err;
}

enum err late_look(const struct adoption_order *order, bool *any)
{
	struct arena *arena = arena_new();
	struct unmarked unmarked;
	enum err err = unmarked_count(order->db, arena, 1, &unmarked);

	*any = unmarked.any;
	if (err == OK && order->late)
		err = journal_look(order, arena);
	arena_free(arena);
	return err;
}
