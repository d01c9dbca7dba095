#include "market/adjustments.h"

#include "market/ledger.h"
#include "market/notifications.h"
#include "market/users.h"
#include "store/doc.h"

static enum err adjusted_read(struct call *call, const struct id *id, int64_t taken,
			      const bson_t **user)
{
	enum err err = user_read(call, id, user);

	if (err != OK)
		return err;
	int64_t there = doc_whole(*user, "coins", 0);
	if (there >= taken)
		return OK;
	err_number(call->detail, "required", taken);
	err_number(call->detail, "available", there);
	return ERR_INSUFFICIENT_COINS;
}

static const char *page_of(const bson_t *user)
{
	switch (role_of(doc_text(user, "role"))) {
	case ROLE_BUYER:
		return PAGE_BUYER_HOME;
	case ROLE_ADMIN:
		return PAGE_ADMIN_HOME;
	default:
		return PAGE_WORKER_HOME;
	}
}

static void tell_user(struct call *call, const bson_t *user, const struct adjustment *adjustment,
		      struct txn *txn)
{
	struct id id = doc_own_id(user);
	int64_t coins = adjustment->coins.value;

	notify(call, txn,
	       &(struct notification){
		       .user = &id,
		       .email = doc_text(user, "email"),
		       .kind = NOTIFICATION_PAYMENT,
		       .page = page_of(user),
		       .message = arena_printf(
			       call->arena, "Payment correction: %lld coins were %s. Reason: %s",
			       (long long)(coins > 0 ? coins : -coins),
			       coins > 0 ? "added to your balance" : "taken from your balance",
			       adjustment->reason),
	       });
}

void user_adjust_plan(struct call *call, const bson_t *user, const struct adjustment *adjustment,
		      struct txn *txn)
{
	struct arena *arena = call->arena;
	int64_t coins = adjustment->coins.value;
	struct id id = doc_own_id(user), key = doc_new_id();
	struct account account = account_user(&id), adjustments = { .kind = ACCOUNT_ADJUSTMENTS };

	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "adjust:%s", id_text(arena, &key)),
			    .from = coins > 0 ? adjustments : account,
			    .to = coins > 0 ? account : adjustments,
			    .coins = coins > 0 ? coins : -coins,
			    .kind = "adjust",
			    .reason = adjustment->reason,
			    .guard = users_active(arena, ROLE_NONE),
			    .on_miss = ERR_CONFLICT,
			    .taken = ERR_INTERNAL,
		    });
	tell_user(call, user, adjustment, txn);
}

enum err user_adjust(struct call *call, const struct id *id, const struct adjustment *adjustment,
		     struct txn *txn)
{
	int64_t coins = adjustment->coins.value;
	const bson_t *user;
	enum err err = adjusted_read(call, id, coins < 0 ? -coins : 0, &user);

	if (err == OK)
		user_adjust_plan(call, user, adjustment, txn);
	return err;
}
