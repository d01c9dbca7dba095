#include "market/ledger.h"

#include "store/doc.h"

#include <string.h>

const char *account_user(struct arena *arena, const struct id *user)
{
	return arena_printf(arena, "user:%s", id_text(arena, user));
}

const char *account_escrow(struct arena *arena, const struct id *task)
{
	return arena_printf(arena, "escrow:%s", id_text(arena, task));
}

const char *account_held(struct arena *arena, const struct id *withdrawal)
{
	return arena_printf(arena, "held:%s", id_text(arena, withdrawal));
}

bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now)
{
	bson_t *row = DOC(arena, "_id", BCON_UTF8(transfer->key), "from", BCON_UTF8(transfer->from),
			  "to", BCON_UTF8(transfer->to), "coins", BCON_INT64(transfer->coins),
			  "kind", BCON_UTF8(transfer->kind));

	if (transfer->reason)
		BSON_APPEND_UTF8(row, "reason", transfer->reason);
	if (transfer->user)
		BSON_APPEND_OID(row, "user", doc_oid(transfer->user));
	if (transfer->task)
		BSON_APPEND_OID(row, "task", doc_oid(transfer->task));
	if (transfer->buyer)
		BSON_APPEND_OID(row, "buyer", doc_oid(transfer->buyer));
	BSON_APPEND_UTF8(row, "actor", actor);
	BSON_APPEND_UTF8(row, "request_id", request_id);
	BSON_APPEND_DATE_TIME(row, "at", now);
	return row;
}

void ledger_note(const struct call *call, struct txn *txn, const struct transfer *transfer)
{
	txn_insert(txn, LEDGER,
		   ledger_row(call->arena, transfer, call_actor(call), call->request_id, call->now),
		   transfer->taken);
}

/* What a movement does to the accounts that begin so. */
static int64_t change_of(const struct transfer *transfer, const char *accounts)
{
	size_t length = strlen(accounts);
	int64_t change = 0;

	if (!strncmp(transfer->to, accounts, length))
		change += transfer->coins;
	if (!strncmp(transfer->from, accounts, length))
		change -= transfer->coins;
	return change;
}

bson_t *ledger_owing_nothing(struct arena *arena)
{
	return DOC(arena, "owed_coins", "{", "$not", "{", "$gt", BCON_INT32(0), "}", "}");
}

static bson_t *balances_change(struct arena *arena, const struct transfer *transfer,
			       const struct holder *holder)
{
	int64_t coins = change_of(transfer, "user:"), held = change_of(transfer, "held:");
	bson_t *change = DOC(arena, NULL);

	if (coins)
		BSON_APPEND_INT64(change, "coins", coins);
	if (held)
		BSON_APPEND_INT64(change, "pending_coins", held);
	if (holder->count)
		bson_concat(change, holder->count);
	return change;
}

/* Coins that came to a user. */
struct income {
	const struct call *call;
	struct transfer transfer;
};

static bson_t *by_id(struct arena *arena, const struct id *user)
{
	return DOC(arena, "_id", BCON_ID(user));
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The user's document is as the transaction's steps left it, and stays so until the commit. */
static enum err debt_pay(void *context, struct txn *txn)
{
	const struct income *income = context;
	struct arena *arena = income->call->arena;
	const bson_t *user = txn_found(txn, USERS);
	struct transfer repayment = income->transfer;

	/* run again, the transaction may have found nothing to give */
	if (!user)
		return OK;
	int64_t paid = least(least(doc_whole(user, "owed_coins", 0), repayment.coins),
			     doc_whole(user, "coins", 0));

	if (paid <= 0)
		return OK;
	txn_update_after(txn, USERS, by_id(arena, repayment.user),
			 DOC(arena, "$inc", "{", "coins", BCON_INT64(-paid), "owed_coins",
			     BCON_INT64(-paid), "}"),
			 ERR_CONFLICT);
	repayment.key = arena_printf(arena, "repay:%s", income->transfer.key);
	repayment.from = income->transfer.to;
	repayment.to = ACCOUNT_REVERSALS;
	repayment.coins = paid;
	repayment.kind = "repayment";
	repayment.reason = NULL;
	ledger_note(income->call, txn, &repayment);
	return OK;
}

void ledger_move(const struct call *call, struct txn *txn, const struct transfer *transfer,
		 const struct holder *holder)
{
	struct arena *arena = call->arena;

	txn_update_after(
		txn, USERS, holder->filter ? holder->filter : by_id(arena, transfer->user),
		DOC(arena, "$inc", BCON_DOCUMENT(balances_change(arena, transfer, holder))),
		holder->on_miss);
	ledger_note(call, txn, transfer);
	if (change_of(transfer, "user:") > 0) {
		struct income *income = arena_alloc(arena, sizeof *income);

		*income = (struct income){ .call = call, .transfer = *transfer };
		txn_then(txn, debt_pay, income);
	}
}

/* A write, as what is only read is not held. */
void ledger_hold_still(const struct call *call, struct txn *txn, const struct id *user,
		       enum err on_miss)
{
	struct arena *arena = call->arena;

	txn_update_after(txn, USERS, by_id(arena, user),
			 DOC(arena, "$inc", "{", "reversals", BCON_INT32(1), "}"), on_miss);
}

int64_t ledger_take_back(const struct call *call, struct txn *txn, const struct transfer *transfer)
{
	struct arena *arena = call->arena;
	int64_t there = doc_whole(txn_found(txn, USERS), "coins", 0);
	struct transfer taken = *transfer;

	taken.coins = least(there, transfer->coins);
	int64_t owed = transfer->coins - taken.coins;
	bson_t *change = DOC(arena, "coins", BCON_INT64(-taken.coins));
	if (owed)
		BSON_APPEND_INT64(change, "owed_coins", owed);
	txn_update_after(txn, USERS, by_id(arena, transfer->user),
			 DOC(arena, "$inc", BCON_DOCUMENT(change)), ERR_CONFLICT);
	if (taken.coins)
		ledger_note(call, txn, &taken);
	return owed;
}
