#include "market/withdrawal_lists.h"

#include "market/ledger.h"
#include "market/status.h"
#include "store/doc.h"

#include <string.h>

void withdrawal_list_own(struct call *call, struct list *list)
{
	struct arena *arena = call->arena;

	*list = (struct list){
		.in = WITHDRAWALS,
		.filter = DOC(arena, ID("worker_id", &call->caller->id)),
		.name = call_own_name(call, "own withdrawals"),
		.order_field = "createdAt",
	};
}

void withdrawal_list_pending(struct call *call, struct list *list)
{
	*list = (struct list){
		.in = WITHDRAWALS,
		.filter = DOC(call->arena, STATUS(PENDING)),
		.name = "pending withdrawals",
		.order_field = "createdAt",
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

/*
 * What each account received, by kind and buyer, read from the keys of one index. Rewards of an earlier version do not
 * name the buyer: those are grouped by task, and the tasks tell.
 */
static bson_t *received(struct arena *arena, const struct sourced_withdrawals *withdrawals)
{
	bson_t *nameless =
		DOC(arena, LIST("$cond", ITEM(LIST("$gt", BCON_UTF8("$buyer"), BCON_NULL)),
				BCON_NULL, BCON_UTF8("$task")));

	return PIPELINE(
		arena,
		STAGE("$match", SUB("to", ARRAY("$in", accounts_of(arena, withdrawals))),
		      SUB("kind", LIST("$in", BCON_UTF8("bonus"), BCON_UTF8("reward"),
				       BCON_UTF8("opening")))),
		STAGE("$group",
		      SUB("_id", TEXT("to", "$to"), TEXT("kind", "$kind"), TEXT("buyer", "$buyer"),
			  PART("task", nameless)),
		      SUB("coins", TEXT("$sum", "$coins"))),
		STAGE("$lookup", TEXT("from", collection_name(TASKS)),
		      TEXT("localField", "_id.task"), TEXT("foreignField", "_id"),
		      TEXT("as", "task")),
		STAGE("$group",
		      SUB("_id", TEXT("to", "$_id.to"),
			  SUB("bonus", LIST("$eq", BCON_UTF8("$_id.kind"), BCON_UTF8("bonus"))),
			  SUB("buyer", LIST("$ifNull", BCON_UTF8("$_id.buyer"),
					    ITEM(TEXT("$first", "$task.buyer_id"))))),
		      SUB("coins", TEXT("$sum", "$coins"))));
}

/* One document an account: {_id: "user:<id>", bonus, earned, buyers: [{_id, coins}]}. */
static bson_t *summed_up(struct arena *arena, bson_t *pipeline)
{
	bson_t *coins_if_bonus = DOC(
		arena, LIST("$cond", BCON_UTF8("$_id.bonus"), BCON_UTF8("$coins"), BCON_INT32(0)));
	bson_t *coins_if_not = DOC(
		arena, LIST("$cond", BCON_UTF8("$_id.bonus"), BCON_INT32(0), BCON_UTF8("$coins")));

	bson_concat(
		pipeline,
		DOC(arena, SUB("4", SUB("$sort", INT("coins", -1), INT("_id.buyer", 1))),
		    SUB("5", SUB("$group", TEXT("_id", "$_id.to"),
				 SUB("bonus", PART("$sum", coins_if_bonus)),
				 SUB("earned", PART("$sum", coins_if_not)),
				 SUB("buyers", SUB("$push", TEXT("_id", "$_id.buyer"),
						   TEXT("coins", "$coins"))))),
		    SUB("6", SUB("$project", INT("bonus", 1), INT("earned", 1),
				 SUB("buyers",
				     LIST("$slice",
					  ITEM(SUB("$filter", TEXT("input", "$buyers"),
						   SUB("cond", LIST("$gt", BCON_UTF8("$$this._id"),
								    BCON_NULL)))),
					  BCON_INT32(COIN_BUYERS_MAX)))))));
	return pipeline;
}

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
	return db_aggregate(call->db, LEDGER, summed_up(arena, received(arena, withdrawals)), NULL,
			    sources_take, withdrawals);
}
