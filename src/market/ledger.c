#include "market/ledger.h"

#include "base/count.h"
#include "store/doc.h"

#include <assert.h>

/* ---- accounts ---- */

static const struct account_row {
	const char *prefix; /* of its name; the id follows */
	const char *balance; /* the field of the user's document that has it; NULL: none of these */
	bool of_debtors; /* takes coins also from those who owe some */
} accounts[] = {
	[ACCOUNT_USER] = { "user:", "coins", true },
	[ACCOUNT_HELD] = { "held:", "pending_coins", false },
	[ACCOUNT_ESCROW] = { "escrow:", NULL, false },
	[ACCOUNT_GRANTS] = { "grants", NULL, true },
	[ACCOUNT_SALES] = { "sales", NULL, true },
	[ACCOUNT_PAYOUTS] = { "payouts", NULL, false },
	[ACCOUNT_FORFEITS] = { "forfeits", NULL, true },
	[ACCOUNT_ADJUSTMENTS] = { "adjustments", NULL, true },
	[ACCOUNT_REVERSALS] = { "reversals", NULL, true },
	[ACCOUNT_OPENING] = { "opening", NULL, true },
};
static_assert(COUNT_OF(accounts) == ACCOUNT_COUNT, "each account has its row");

struct account account_user(const struct id *user)
{
	return (struct account){ .kind = ACCOUNT_USER, .of = *user };
}

struct account account_escrow(const struct id *task)
{
	return (struct account){ .kind = ACCOUNT_ESCROW, .of = *task };
}

struct account account_held(const struct id *withdrawal)
{
	return (struct account){ .kind = ACCOUNT_HELD, .of = *withdrawal };
}

const char *account_prefix(enum account_kind kind)
{
	return accounts[kind].prefix;
}

const char *account_name(struct arena *arena, const struct account *account)
{
	const char *id = account->kind <= ACCOUNT_ESCROW ? id_text(arena, &account->of) : "";

	return arena_printf(arena, "%s%s", account_prefix(account->kind), id);
}

/* ---- rows ---- */

/* The id of the transfer's account of that kind; NULL: neither is. */
static const struct id *owner_of(const struct transfer *transfer, enum account_kind kind)
{
	if (transfer->from.kind == kind)
		return &transfer->from.of;
	return transfer->to.kind == kind ? &transfer->to.of : NULL;
}

static const struct id *user_of(const struct transfer *transfer)
{
	return transfer->user ? transfer->user : owner_of(transfer, ACCOUNT_USER);
}

static const struct id *task_of(const struct transfer *transfer)
{
	return transfer->task ? transfer->task : owner_of(transfer, ACCOUNT_ESCROW);
}

bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now)
{
	const struct id *user = user_of(transfer), *task = task_of(transfer);
	bson_t *row = DOC(arena, TEXT("_id", transfer->key),
			  TEXT("from", account_name(arena, &transfer->from)),
			  TEXT("to", account_name(arena, &transfer->to)),
			  WHOLE("coins", transfer->coins), TEXT("kind", transfer->kind));

	if (transfer->reason)
		BSON_APPEND_UTF8(row, "reason", transfer->reason);
	if (user)
		BSON_APPEND_OID(row, "user", doc_oid(user));
	if (task)
		BSON_APPEND_OID(row, "task", doc_oid(task));
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

/* ---- balances ---- */

bson_t *ledger_balances(struct arena *arena, int64_t coins)
{
	return DOC(arena, WHOLE("coins", coins), WHOLE("pending_coins", 0));
}

static bson_t *by_id(struct arena *arena, const struct id *user)
{
	return DOC(arena, ID("_id", user));
}

/* The user's document while it has the coins, and may part with them. */
static bson_t *user_guarded(struct arena *arena, const struct transfer *transfer)
{
	const char *from = accounts[transfer->from.kind].balance;
	bson_t *filter = by_id(arena, user_of(transfer));

	if (transfer->guard)
		bson_concat(filter, transfer->guard);
	if (from)
		bson_concat(filter, DOC(arena, SUB(from, WHOLE("$gte", transfer->coins))));
	if (from && !accounts[transfer->to.kind].of_debtors)
		bson_concat(filter, DOC(arena, SUB("owed_coins", SUB("$not", INT("$gt", 0)))));
	return filter;
}

static bson_t *balances_change(struct arena *arena, const struct transfer *transfer)
{
	const char *from = accounts[transfer->from.kind].balance;
	const char *to = accounts[transfer->to.kind].balance;
	bson_t *change = DOC(arena, NULL);

	if (from)
		BSON_APPEND_INT64(change, from, -transfer->coins);
	if (to)
		BSON_APPEND_INT64(change, to, transfer->coins);
	return DOC(arena, PART("$inc", change));
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- moving ---- */

static void owe(struct txn *txn, const struct id *user, int64_t coins)
{
	struct arena *arena = txn->arena;

	if (coins)
		txn_update_after(txn, USERS, by_id(arena, user),
				 DOC(arena, SUB("$inc", WHOLE("owed_coins", coins))), ERR_CONFLICT);
}

/* Coins that came to a user. */
struct income {
	const struct call *call;
	struct transfer transfer;
};

/* The user's document is as the transaction's steps left it, and stays so until the commit. */
static enum err debt_pay(void *context, struct txn *txn)
{
	const struct income *income = context;
	const struct id *debtor = user_of(&income->transfer);
	const bson_t *user = txn_found_of(txn, USERS, debtor);
	struct transfer repayment = income->transfer;

	repayment.coins = least(least(doc_whole(user, "owed_coins", 0), repayment.coins),
				doc_whole(user, "coins", 0));
	if (repayment.coins <= 0)
		return OK;
	repayment.key = arena_printf(txn->arena, "repay:%s", income->transfer.key);
	repayment.from = income->transfer.to;
	repayment.to = (struct account){ .kind = ACCOUNT_REVERSALS };
	repayment.kind = "repayment";
	repayment.reason = NULL;
	repayment.task = task_of(&income->transfer);
	repayment.guard = NULL;
	repayment.on_miss = ERR_CONFLICT;
	owe(txn, debtor, -repayment.coins);
	ledger_move(income->call, txn, &repayment);
	return OK;
}

static void debt_pay_then(const struct call *call, struct txn *txn, const struct transfer *transfer)
{
	struct income *income = arena_alloc(call->arena, sizeof *income);

	*income = (struct income){ .call = call, .transfer = *transfer };
	txn_then(txn, debt_pay, income);
}

void ledger_move(const struct call *call, struct txn *txn, const struct transfer *transfer)
{
	const struct id *user = user_of(transfer);
	bool stays = !txn_removes(txn, USERS, user);

	if (stays)
		txn_update_after(txn, USERS, user_guarded(call->arena, transfer),
				 balances_change(call->arena, transfer), transfer->on_miss);
	ledger_note(call, txn, transfer);
	if (stays && transfer->to.kind == ACCOUNT_USER && !txn_inserts(txn, USERS, user))
		debt_pay_then(call, txn, transfer);
}

/* ---- taking back ---- */

/* This must be a write: a document that is only read is not locked. */
void ledger_hold_still(const struct call *call, struct txn *txn, const struct id *user,
		       enum err on_miss)
{
	struct arena *arena = call->arena;

	txn_update_after(txn, USERS, by_id(arena, user),
			 DOC(arena, SUB("$inc", INT("reversals", 1))), on_miss);
}

int64_t ledger_take_back(const struct call *call, struct txn *txn, const struct transfer *transfer)
{
	const struct id *user = user_of(transfer);
	int64_t there = doc_whole(txn_found_of(txn, USERS, user), "coins", 0);
	struct transfer taken = *transfer;

	taken.coins = least(there, transfer->coins);
	int64_t owed = transfer->coins - taken.coins;
	owe(txn, user, owed);
	if (taken.coins)
		ledger_move(call, txn, &taken);
	return owed;
}
