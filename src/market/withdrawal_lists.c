#include "market/withdrawal_lists.h"

#include "market/ledger.h"
#include "market/status.h"
#include "store/doc.h"

#include <string.h>

void withdrawal_list_own(struct call *call, struct list *list)
{
	*list = call_own_list(call, WITHDRAWALS, "worker_id", NULL, "own withdrawals");
}

void withdrawal_list_pending(struct call *call, struct list *list)
{
	*list = (struct list){
		.in = WITHDRAWALS,
		.filter = DOC(call->arena, STATUS(PENDING)),
		.name = "pending withdrawals",
	};
}

/* ---- where coins came from ---- */

void sourced_withdrawals_add(struct sourced_withdrawals *withdrawals, const bson_t *withdrawal)
{
	doc_id(withdrawal, "worker_id", &withdrawals->list[withdrawals->count++].worker);
}

static bson_t *accounts_of(struct arena *arena, const struct sourced_withdrawals *withdrawals)
{
	struct doc_array accounts = doc_array_new(arena);

	for (size_t i = 0; i < withdrawals->count; i++) {
		struct account account = account_user(&withdrawals->list[i].worker);

		doc_array_text(&accounts, account_name(arena, &account));
	}
	return accounts.doc;
}

/* What they received, which the keys of one index tell. */
static bson_t *received(struct arena *arena, const struct sourced_withdrawals *withdrawals)
{
	return DOC(arena, SUB("to", ARRAY("$in", accounts_of(arena, withdrawals))),
		   SUB("kind",
		       LIST("$in", BCON_UTF8("bonus"), BCON_UTF8("reward"), BCON_UTF8("opening"))));
}

/*
 * One document an account: {_id: "user:<id>", bonus, earned, buyers: [{_id, coins}]}. Rewards of an earlier version do
 * not name the buyer: those are grouped by task, and the tasks tell.
 */
static const char summed_up[] = JSON([
	{
		"$group" : {
			"_id" : {
				"to" : "$to",
				"kind" : "$kind",
				"buyer" : "$buyer",
				"task" : {
					"$cond" : [ { "$gt" : [ "$buyer", null ] }, null, "$task" ]
				}
			},
			"coins" : { "$sum" : "$coins" }
		}
	},
	{
		"$lookup" : {
			"from" : "tasks",
			"localField" : "_id.task",
			"foreignField" : "_id",
			"as" : "task"
		}
	},
	{
		"$group" : {
			"_id" : {
				"to" : "$_id.to",
				"bonus" : { "$eq" : [ "$_id.kind", "bonus" ] },
				"buyer" : {
					"$ifNull" :
						[ "$_id.buyer", { "$first" : "$task.buyer_id" } ]
				}
			},
			"coins" : { "$sum" : "$coins" }
		}
	},
	{ "$sort" : { "coins" : -1, "_id.buyer" : 1 } }, {
		"$group" : {
			"_id" : "$_id.to",
			"bonus" : { "$sum" : { "$cond" : [ "$_id.bonus", "$coins", 0 ] } },
			"earned" : { "$sum" : { "$cond" : [ "$_id.bonus", 0, "$coins" ] } },
			"buyers" : { "$push" : { "_id" : "$_id.buyer", "coins" : "$coins" } }
		}
	},
	{
		"$project" : {
			"bonus" : 1,
			"earned" : 1,
			"buyers" : {
				"$slice" : [
					{
						"$filter" : {
							"input" : "$buyers",
							"cond" : { "$gt" : [ "$$this._id", null ] }
						}
					},
					5
				]
			}
		}
	}
]);
_Static_assert(COIN_BUYERS_MAX == 5, "as many as the text above keeps");

static void sources_from(const bson_t *row, struct coin_sources *sources)
{
	bson_t buyers, buyer;
	bson_iter_t at;

	*sources = (struct coin_sources){
		.bonus = doc_whole(row, "bonus", 0),
		.earned = doc_whole(row, "earned", 0),
	};
	if (!doc_part(row, "buyers", &buyers) || !bson_iter_init(&at, &buyers))
		return;
	while (bson_iter_next(&at) && doc_part(&buyers, bson_iter_key(&at), &buyer) &&
	       sources->buyer_count < COIN_BUYERS_MAX) {
		size_t n = sources->buyer_count++;

		doc_id(&buyer, "_id", &sources->buyers[n].buyer);
		sources->buyers[n].coins = doc_whole(&buyer, "coins", 0);
	}
}

static bool sources_take(void *context, const bson_t *row)
{
	struct sourced_withdrawals *withdrawals = context;
	const char *account = doc_text(row, "_id");
	struct id worker;

	if (!account ||
	    !id_parse(account + strlen(account_prefix(ACCOUNT_USER)), ID_HEX_LENGTH, &worker))
		return true;
	for (size_t i = 0; i < withdrawals->count; i++)
		if (id_equal(&withdrawals->list[i].worker, &worker))
			sources_from(row, &withdrawals->list[i].sources);
	return true;
}

enum err sourced_withdrawals_read(struct call *call, struct sourced_withdrawals *withdrawals)
{
	struct arena *arena = call->arena;

	if (!withdrawals->count)
		return OK;
	return db_aggregate(call->db, LEDGER,
			    doc_pipeline(arena, received(arena, withdrawals), summed_up), NULL,
			    sources_take, withdrawals);
}
