#include "market/payments_reversal.h"

#include "base/log.h"
#include "market/alerts.h"
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/packages.h"
#include "store/doc.h"

#include <string.h>

/* ---- telling ---- */

static const char *state_text(const struct reversing *reversing)
{
	const char *name = reversals_name(&reversing->now);

	if (!name)
		return "no longer disputed";
	return !strcmp(name, "charged_back") ? "charged back" : name;
}

static const char *moved_text(const struct reversing *reversing)
{
	struct arena *arena = reversing->call->arena;
	int64_t taken = reversing->after - reversing->before;

	if (!taken)
		return "no more coins are taken back";
	return taken > 0 ? arena_printf(arena, "%lld coins were taken back", (long long)taken) :
			   arena_printf(arena, "%lld coins came back", (long long)-taken);
}

static void tell_buyer(const struct reversing *reversing, struct txn *txn, int64_t owed)
{
	struct call *call = reversing->call;
	const struct payment *payment = reversing->payment;
	const char *debt =
		owed ? arena_printf(call->arena,
				    " %lld of them were spent: coins that come pay these first.",
				    (long long)owed) :
		       "";

	if (doc_bool(reversing->buyer, "closing", false))
		return;
	notify(call, txn,
	       &(struct notification){
		       .user = &payment->buyer,
		       .email = doc_text(reversing->buyer, "email"),
		       .kind = NOTIFICATION_PAYMENT,
		       .page = PAGE_BUYER_PAYMENTS,
		       .message = arena_printf(
			       call->arena, "Payment %s: of the coins for %s, %s.%s",
			       state_text(reversing), money_text(call->arena, payment->cents),
			       moved_text(reversing), debt),
	       });
}

static void tell_admins(const struct reversing *reversing, struct txn *txn)
{
	struct call *call = reversing->call;

	notify_admins(
		call, txn, &reversing->admins,
		&(struct notification){
			.kind = NOTIFICATION_PAYMENT,
			.page = PAGE_ADMIN_HOME,
			.message = arena_printf(call->arena, "Payment %s, for %s, is %s: %s.",
						id_text(call->arena, &reversing->payment->id),
						money_text(call->arena, reversing->payment->cents),
						state_text(reversing), moved_text(reversing)),
		});
}

void reversal_alert(struct call *call, const struct id *id)
{
	struct arena *arena = call->arena;
	const bson_t *payment = NULL, *buyer = NULL;
	struct id owner;

	if (db_find_id(call->db, arena, PAYMENTS, id, &payment) != OK || !payment)
		return;
	if (doc_id(payment, "buyer_id", &owner))
		(void)db_find_id(call->db, arena, USERS, &owner, &buyer);
	const char *name = doc_text(payment, "reversal");
	log_line(LOG_ERROR, NULL,
		 "ALERT: " ALERT_WENT_BACK
		 ": payment %s is %s, %lld of its %lld coins taken back, %s %lld",
		 id_text(arena, id), name ? name : "not disputed any more",
		 (long long)doc_whole(payment, "reversed_coins", 0),
		 (long long)payment_coins(payment),
		 buyer ? "its buyer owes" : "its buyer is gone and owes",
		 (long long)(buyer ? doc_whole(buyer, "owed_coins", 0) : 0));
}

/* ---- the change ---- */

static bson_t *payment_change(const struct reversing *reversing)
{
	struct arena *arena = reversing->call->arena;
	const char *name = reversals_name(&reversing->now);
	bson_t *set = reversals_doc(arena, &reversing->now);
	bson_t *change = DOC(arena, SUB("$inc", WHOLE("reversal_rev", 1)));

	BSON_APPEND_INT64(set, "reversed_coins", reversing->after);
	BSON_APPEND_DATE_TIME(set, "updatedAt", reversing->call->now);
	if (name)
		BSON_APPEND_UTF8(set, "reversal", name);
	else
		bson_concat(change, DOC(arena, SUB("$unset", TEXT("reversal", ""))));
	BSON_APPEND_DOCUMENT(change, "$set", set);
	return change;
}

/* Taken from the buyer, or returned; what changed the payment makes the key. */
static struct transfer transfer_of(const struct reversing *reversing)
{
	struct arena *arena = reversing->call->arena;
	const struct payment *payment = reversing->payment;
	int64_t taken = reversing->after - reversing->before;
	int64_t rev = doc_whole(payment->doc, "reversal_rev", 0) + 1;
	struct account buyer = account_user(&payment->buyer);
	struct account reversals = { .kind = ACCOUNT_REVERSALS };

	return (struct transfer){
		.key = arena_printf(arena, "%s:%s:%lld", taken > 0 ? "reverse" : "restore",
				    id_text(arena, &payment->id), (long long)rev),
		.from = taken > 0 ? buyer : reversals,
		.to = taken > 0 ? reversals : buyer,
		.coins = taken > 0 ? taken : -taken,
		.kind = taken > 0 ? "reversal" : "restored",
		.on_miss = ERR_CONFLICT,
		.taken = ERR_ALREADY_PROCESSED,
	};
}

/* The buyer's document is held still by then. */
static enum err take_decide(void *context, struct txn *txn)
{
	const struct reversing *reversing = context;
	struct transfer transfer = transfer_of(reversing);

	tell_buyer(reversing, txn, ledger_take_back(reversing->call, txn, &transfer));
	return OK;
}

static void give_back(const struct reversing *reversing, struct txn *txn)
{
	struct transfer transfer = transfer_of(reversing);

	if (transfer.coins)
		ledger_move(reversing->call, txn, &transfer);
	tell_buyer(reversing, txn, 0);
}

void reversal_plan(struct reversing *reversing, struct txn *txn)
{
	struct arena *arena = reversing->call->arena;
	const struct payment *payment = reversing->payment;
	bson_t *filter = DOC(arena, ID("_id", &payment->id));

	doc_unchanged(filter, payment->doc, "reversal_rev");
	txn_update_after(txn, PAYMENTS, filter, payment_change(reversing), ERR_CONFLICT);
	tell_admins(reversing, txn);
	if (!reversing->buyer)
		return;
	if (reversing->after > reversing->before)
		txn_then(txn, take_decide, reversing);
	else
		give_back(reversing, txn);
}

bool reversal_of(struct call *call, const struct payment *payment, const struct reversals *more,
		 struct reversing *reversing)
{
	*reversing = (struct reversing){ .call = call, .payment = payment };
	reversals_read(payment->doc, &reversing->now);
	reversing->before = doc_whole(payment->doc, "reversed_coins", 0);
	bool news = reversals_join(&reversing->now, more);
	reversing->after = reversals_coins(&reversing->now, payment->coins, payment->cents);
	return news;
}

enum err reversal_read_buyer(struct reversing *reversing)
{
	struct call *call = reversing->call;

	return db_find_id(call->db, call->arena, USERS, &reversing->payment->buyer,
			  &reversing->buyer);
}
