#include "market/google_users.h"

#include "base/clock.h"
#include "market/tokens.h"
#include "market/users.h"
#include "store/doc.h"

static bool belongs_to(const bson_t *user, const char *subject)
{
	return doc_text_is(user, "googleId", subject);
}

static bool is_linked(const bson_t *user)
{
	const char *google_id = doc_text(user, "googleId");

	return google_id && *google_id;
}

static enum err judge(struct call *call, const struct google_claims *claims, const bson_t *user)
{
	if (doc_bool(user, "closing", false))
		return call_refuse(call, ERR_UNAUTHORIZED, "This account cannot be signed in to.");
	if (is_linked(user) && !belongs_to(user, claims->subject))
		return call_refuse(
			call, ERR_CONFLICT,
			"The account of this e-mail address belongs to another Google account.");
	return OK;
}

enum err google_user_find(struct call *call, const struct google_claims *claims,
			  const bson_t **user)
{
	enum err err = db_find_one(call->db, call->arena, USERS,
				   DOC(call->arena, TEXT("googleId", claims->subject)), NULL, user);

	if (err == OK && !*user && !claims->email_fits)
		return call_refuse(
			call, ERR_UNAUTHORIZED,
			"The e-mail address of this Google account cannot be used here.");
	if (err == OK && !*user)
		err = user_by_email(call, claims->email, user);
	return err == OK && *user ? judge(call, claims, *user) : err;
}

/* What shows that it is Google's; google_key is unique, which older records' googleId need not be. */
static bson_t *credentials(struct arena *arena, const char *subject)
{
	return DOC(arena, TEXT("authProvider", "google"), TEXT("googleId", subject),
		   TEXT("google_key", subject));
}

static void add(struct call *call, const struct google_claims *claims, struct txn *txn)
{
	const struct register_input input = {
		.name = claims->name,
		.email = claims->email,
		.photoURL = claims->picture,
		.role = role_name(ROLE_WORKER),
	};

	/* of two first log-ins at once the second finds the account when it looks again */
	user_add(call, &input, credentials(call->arena, claims->subject), ERR_CONFLICT, txn);
}

static void link_account(struct call *call, const struct google_claims *claims, const bson_t *user,
			 struct txn *txn)
{
	struct arena *arena = call->arena;
	struct id id = doc_own_id(user);
	bson_t *filter = user_active(arena, &id, ROLE_NONE);
	bson_t *set = credentials(arena, claims->subject);

	/* none yet, as it was read; older records have null or an empty text */
	doc_unchanged(filter, user, "googleId");
	BSON_APPEND_DATE_TIME(set, "lastLogin", call->now);
	txn_update_after(txn, USERS, filter, tokens_end(arena, set, "password", 0, clock_now()),
			 ERR_CONFLICT);
	txn_of_any(txn);
}

void google_user_sign_in(struct call *call, const struct google_claims *claims, const bson_t *user,
			 struct txn *txn)
{
	if (!user)
		add(call, claims, txn);
	else if (belongs_to(user, claims->subject))
		user_signed_in(call, user, "googleId", txn);
	else
		link_account(call, claims, user, txn);
}
