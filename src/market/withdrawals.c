#include "market/withdrawals.h"

#include "market/ledger.h"
#include "market/notifications.h"
#include "market/status.h"
#include "market/users.h"
#include "store/doc.h"

/* "400 coins ($20.00)" */
static const char *amount_text(struct arena *arena, int64_t coins)
{
	long long dollars = coins / WITHDRAWAL_COINS_A_DOLLAR;
	int cents = (int)(coins % WITHDRAWAL_COINS_A_DOLLAR * 100 / WITHDRAWAL_COINS_A_DOLLAR);

	return arena_printf(arena, "%lld coins ($%lld.%02d)", (long long)coins, dollars, cents);
}

static void pending_count(struct txn *txn, const struct id *worker, int32_t more, enum err on_miss)
{
	txn_update(txn, USERS, DOC(txn->arena, ID("_id", worker)),
		   DOC(txn->arena, SUB("$inc", INT("pending_withdrawals", more))), on_miss);
}

/* ---- asking ---- */

static bson_t *withdrawal_doc(struct call *call, const struct withdrawal_input *input,
			      const struct id *id)
{
	const struct caller *worker = call->caller;
	int64_t coins = input->withdrawal_coin.value;

	return DOC(
		call->arena, ID("_id", id), ID("worker_id", &worker->id),
		TEXT("worker_email", worker->email), TEXT("worker_name", worker->name),
		WHOLE("withdrawal_coin", coins),
		PAIR("withdrawal_amount", BCON_DOUBLE((double)coins / WITHDRAWAL_COINS_A_DOLLAR)),
		TEXT("payment_system", input->payment_system),
		TEXT("account_number", input->account_number), STATUS(PENDING),
		DATE("withdraw_date", call->now), DATE("createdAt", call->now),
		DATE("updatedAt", call->now));
}

static void tell_admins(struct call *call, const struct admins *admins, int64_t coins,
			struct txn *txn)
{
	struct arena *arena = call->arena;

	notify_admins(call, txn, admins,
		      &(struct notification){
			      .kind = NOTIFICATION_WITHDRAWAL,
			      .page = PAGE_ADMIN_WITHDRAWALS,
			      .message = arena_printf(arena, "A worker asks to withdraw %s.",
						      amount_text(arena, coins)),
		      });
}

void withdrawal_create_plan(struct call *call, const struct withdrawal_input *input,
			    const struct admins *admins, struct txn *txn)
{
	struct arena *arena = call->arena;
	struct id id = doc_new_id();
	const struct id *worker = &call->caller->id;
	int64_t coins = input->withdrawal_coin.value;

	pending_count(txn, worker, 1, ERR_INSUFFICIENT_COINS);
	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "hold:%s", id_text(arena, &id)),
			    .from = account_user(worker),
			    .to = account_held(&id),
			    .coins = coins,
			    .kind = "hold",
			    .guard = users_active(arena, ROLE_WORKER),
			    .on_miss = ERR_INSUFFICIENT_COINS,
			    .taken = ERR_ALREADY_PROCESSED,
		    });
	txn_insert(txn, WITHDRAWALS, withdrawal_doc(call, input, &id), ERR_INTERNAL);
	tell_admins(call, admins, coins, txn);
}

enum err withdrawal_create(struct call *call, const struct withdrawal_input *input, struct txn *txn)
{
	struct admins admins;
	enum err err = user_can_pay(call, input->withdrawal_coin.value);

	if (err == OK)
		err = admins_read(call, &admins);
	if (err == OK)
		withdrawal_create_plan(call, input, &admins, txn);
	return err;
}

/* ---- deciding ---- */

struct pending {
	struct id id, worker;
	int64_t coins;
	const bson_t *doc;
};

static enum err pending_of(const bson_t *withdrawal, struct pending *pending)
{
	pending->doc = withdrawal;
	pending->id = doc_own_id(withdrawal);
	pending->coins = doc_whole(withdrawal, "withdrawal_coin", 0);
	return doc_id(withdrawal, "worker_id", &pending->worker) && pending->coins > 0 ?
		       OK :
		       ERR_CONFLICT;
}

/* Forms send an empty one where nothing was written. */
static bool has_reason(const struct withdrawal_decision *decision)
{
	return !decision->approve && decision->reason && *decision->reason;
}

/* The guard that makes a decision happen once: the record is still pending. */
static void decide(struct call *call, const struct pending *pending,
		   const struct withdrawal_decision *decision, struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *set = DOC(
		arena,
		TEXT("status", status_name(decision->approve ? STATUS_APPROVED : STATUS_REJECTED)),
		DATE("processed_date", call->now), DATE("updatedAt", call->now));

	if (has_reason(decision))
		BSON_APPEND_UTF8(set, "rejection_reason", decision->reason);
	txn_update_after(txn, WITHDRAWALS, DOC(arena, ID("_id", &pending->id), STATUS(PENDING)),
			 DOC(arena, PART("$set", set)), ERR_ALREADY_PROCESSED);
}

/* Moves the held coins: paid out, or back to the worker. Each happens once. */
static void settle(struct call *call, const struct pending *pending, bool approve, struct txn *txn)
{
	struct arena *arena = call->arena;
	const char *kind = approve ? "payout" : "release";
	struct account outside = { .kind = ACCOUNT_PAYOUTS };

	pending_count(txn, &pending->worker, -1, ERR_CONFLICT);
	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "%s:%s", kind, id_text(arena, &pending->id)),
			    .from = account_held(&pending->id),
			    .to = approve ? outside : account_user(&pending->worker),
			    .coins = pending->coins,
			    .kind = kind,
			    .user = &pending->worker,
			    .on_miss = ERR_CONFLICT,
			    .taken = ERR_ALREADY_PROCESSED,
		    });
}

static void tell_worker(struct call *call, const struct pending *pending,
			const struct withdrawal_decision *decision, struct txn *txn)
{
	struct arena *arena = call->arena;
	const char *amount = amount_text(arena, pending->coins);
	const char *text =
		decision->approve ?
			arena_printf(arena, "Your withdrawal of %s has been approved.", amount) :
			arena_printf(
				arena,
				"Your withdrawal of %s was rejected. The coins are back in your balance.%s%s",
				amount, has_reason(decision) ? " Reason: " : "",
				has_reason(decision) ? decision->reason : "");

	notify(call, txn,
	       &(struct notification){
		       .user = &pending->worker,
		       .email = doc_text(pending->doc, "worker_email"),
		       .kind = NOTIFICATION_WITHDRAWAL,
		       .page = PAGE_WORKER_WITHDRAWALS,
		       .message = text,
	       });
}

enum err withdrawal_decide_plan(struct call *call, const bson_t *withdrawal,
				const struct withdrawal_decision *decision, struct txn *txn)
{
	struct pending *pending = arena_alloc(call->arena, sizeof *pending);
	enum err err = pending_of(withdrawal, pending);

	if (err != OK)
		return err;
	decide(call, pending, decision, txn);
	settle(call, pending, decision->approve, txn);
	tell_worker(call, pending, decision, txn);
	return OK;
}

static enum err pending_read(struct call *call, const struct id *id, const bson_t **withdrawal)
{
	struct pending pending;
	enum err err = call_read(call, WITHDRAWALS, id, withdrawal);

	if (err != OK)
		return err;
	if (!status_is(*withdrawal, STATUS_PENDING))
		return ERR_ALREADY_PROCESSED;
	return pending_of(*withdrawal, &pending);
}

/* Nobody withdraws who owes. */
static enum err debt_check(struct call *call, const bson_t *withdrawal)
{
	const bson_t *worker;
	struct id id = { 0 };

	doc_id(withdrawal, "worker_id", &id);
	enum err err = db_find_id(call->db, call->arena, USERS, &id, &worker);

	if (err != OK || !worker || doc_whole(worker, "owed_coins", 0) <= 0)
		return err;
	call->detail->sentence = "The worker owes coins for a payment that went back.";
	err_number(call->detail, "owed", doc_whole(worker, "owed_coins", 0));
	return ERR_COINS_OWED;
}

enum err withdrawal_decide(struct call *call, const struct id *id,
			   const struct withdrawal_decision *decision, struct txn *txn)
{
	const bson_t *withdrawal;
	enum err err = pending_read(call, id, &withdrawal);

	if (err == OK && decision->approve)
		err = debt_check(call, withdrawal);
	return err == OK ? withdrawal_decide_plan(call, withdrawal, decision, txn) : err;
}
