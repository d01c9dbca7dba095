#include "market/users.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/email.h"
#include "base/unicode.h"
#include "market/ledger.h"
#include "market/tokens.h"
#include "market/words.h"
#include "store/doc.h"

#include <ctype.h>
#include <string.h>

enum err user_can_pay(struct call *call, int64_t coins)
{
	if (call->caller->owed_coins > 0) {
		err_number(call->detail, "owed", call->caller->owed_coins);
		return ERR_COINS_OWED;
	}
	if (call->caller->coins >= coins)
		return OK;
	err_number(call->detail, "required", coins);
	err_number(call->detail, "available", call->caller->coins);
	return ERR_INSUFFICIENT_COINS;
}

bson_t *users_active(struct arena *arena, enum role role)
{
	bson_t *filter = DOC(arena, SUB("closing", BOOL("$ne", true)));

	if (role != ROLE_NONE)
		BSON_APPEND_UTF8(filter, "role", role_name(role));
	return filter;
}

bson_t *user_active(struct arena *arena, const struct id *id, enum role role)
{
	bson_t *filter = DOC(arena, ID("_id", id));

	bson_concat(filter, users_active(arena, role));
	return filter;
}

enum err user_read(struct call *call, const struct id *id, const bson_t **user)
{
	enum err err = call_read(call, USERS, id, user);

	return err == OK && doc_bool(*user, "closing", false) ? ERR_NOT_FOUND : err;
}

/* What a user has open is counted in these. */
static const char *const counters[] = { "open_tasks", "pending_submissions", "pending_withdrawals",
					"pending_coins" };

bson_t *user_idle(struct arena *arena)
{
	bson_t *filter = doc_new(arena);

	for (size_t i = 0; i < COUNT_OF(counters); i++)
		bson_concat(filter, DOC(arena, SUB(counters[i], SUB("$not", INT("$gt", 0)))));
	return filter;
}

static bool is_busy(const bson_t *user)
{
	for (size_t i = 0; i < COUNT_OF(counters); i++)
		if (doc_whole(user, counters[i], 0) > 0)
			return true;
	return false;
}

/* ---- accounts ---- */

struct email_search {
	struct arena *arena;
	const char *email, *key;
	const bson_t *exact, *keyed;
};

static bool email_take(void *context, const bson_t *user)
{
	struct email_search *search = context;
	bool exact = doc_text_is(user, "email", search->email);
	const char *stored = doc_text(user, "email");

	/* an earlier version of this service made keys that other addresses have today */
	if (!stored || strcmp(email_fold(search->arena, stored), search->key))
		return true;

	if (exact && !search->exact)
		search->exact = doc_copy(search->arena, user);
	else if (!exact && (!search->keyed || bson_has_field(user, "email_key")))
		search->keyed = doc_copy(search->arena, user);
	return true;
}

void user_search_set(struct arena *arena, bson_t *set, const char *name, const char *email)
{
	const char *both = arena_printf(arena, "%s\n%s", name ? name : "", email ? email : "");

	BSON_APPEND_UTF8(set, "searched", unicode_fold_text(arena, both));
	BSON_APPEND_INT32(set, "search_version", SEARCH_VERSION);
}

/*
 * An older server told addresses of another case apart, so one may be several accounts': each is found by the address
 * as it was registered, and the one that holds the key by any other. A record not adopted yet has no key; its address
 * stands as typed or in lower case.
 */
enum err user_by_email(struct call *call, const char *email, const bson_t **user)
{
	const char *key = email_fold(call->arena, email);
	struct email_search search = { .arena = call->arena, .email = email, .key = key };
	enum err err = db_each(
		call->db, USERS,
		DOC(call->arena,
		    LIST("$or", ITEM(TEXT("email_key", key)),
			 ITEM(SUB("email", LIST("$in", BCON_UTF8(email), BCON_UTF8(key)))))),
		NULL, email_take, &search);

	*user = search.exact ? search.exact : search.keyed;
	return err;
}

static void user_insert(struct call *call, const struct id *id, const struct register_input *input,
			const bson_t *credentials, enum err taken, struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *user =
		DOC(arena, ID("_id", id), TEXT("name", input->name), TEXT("email", input->email),
		    TEXT("photoURL", input->photoURL ? input->photoURL : ""),
		    TEXT("role", input->role));

	bson_concat(user, ledger_balances(arena, 0));
	bson_concat(user,
		    DOC(arena, DATE("lastLogin", call->now), DATE("createdAt", call->now),
			TEXT("email_key", email_fold(arena, input->email)), INT("open_tasks", 0),
			INT("pending_submissions", 0), INT("pending_withdrawals", 0),
			WHOLE("last_token_at", call->now / CLOCK_SECOND)));
	user_search_set(arena, user, input->name, input->email);
	bson_concat(user, credentials);
	txn_insert(txn, USERS, user, taken);
}

void user_add(struct call *call, const struct register_input *input, const bson_t *credentials,
	      enum err taken, struct txn *txn)
{
	struct arena *arena = call->arena;
	struct id id = doc_new_id();
	int64_t bonus = role_of(input->role) == ROLE_BUYER ? BONUS_BUYER : BONUS_WORKER;

	user_insert(call, &id, input, credentials, taken, txn);
	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "bonus:%s", id_text(arena, &id)),
			    .from = { .kind = ACCOUNT_GRANTS },
			    .to = account_user(&id),
			    .coins = bonus,
			    .kind = "bonus",
			    .on_miss = ERR_INTERNAL,
			    .taken = ERR_INTERNAL,
		    });
}

static bson_t *password_credentials(struct arena *arena, const char *hash)
{
	return DOC(arena, TEXT("password", hash), TEXT("authProvider", "email"));
}

enum err user_register(struct call *call, const struct register_input *input, const char *hash,
		       struct txn *txn)
{
	const bson_t *taken;
	enum err err = user_by_email(call, input->email, &taken);

	if (err != OK || taken)
		return err != OK ? err : ERR_EMAIL_TAKEN;
	user_add(call, input, password_credentials(call->arena, hash), ERR_EMAIL_TAKEN, txn);
	return OK;
}

void user_create_admin(struct call *call, const struct register_input *input, const char *hash,
		       struct txn *txn)
{
	struct id id = doc_new_id();

	user_insert(call, &id, input, password_credentials(call->arena, hash), ERR_EMAIL_TAKEN,
		    txn);
}

void user_signed_in(struct call *call, const bson_t *user, const char *proof, struct txn *txn)
{
	struct id id = doc_own_id(user);
	struct arena *arena = call->arena;
	bson_t *filter = user_active(arena, &id, ROLE_NONE);
	bson_t *set = DOC(arena, DATE("lastLogin", call->now));

	doc_unchanged(filter, user, proof);
	/* who was logged out since then shows it anew: else a token could be told of before the log-out is */
	doc_unchanged(filter, user, "tokens_valid_after");
	txn_update_after(txn, USERS, filter, tokens_begin(arena, set, call->now), ERR_BUSY);
	txn_of_any(txn);
}

/* ---- one's own account ---- */

void user_edit(struct call *call, const struct profile_input *input, bool unchanged,
	       struct txn *txn)
{
	struct arena *arena = call->arena;
	const bson_t *user = call->caller->record;
	bson_t *filter = user_active(arena, &call->caller->id, ROLE_NONE);
	/* an empty $set is an error, and every edit sets the id's own value at least */
	bson_t *set = DOC(arena, ID("_id", &call->caller->id));

	if (input->name) {
		BSON_APPEND_UTF8(set, "name", input->name);
		user_search_set(arena, set, input->name, doc_text(user, "email"));
	}
	if (input->photoURL)
		BSON_APPEND_UTF8(set, "photoURL", input->photoURL);
	if (unchanged) {
		doc_unchanged(filter, user, "name");
		doc_unchanged(filter, user, "photoURL");
	}
	txn_update_after(txn, USERS, filter, DOC(arena, PART("$set", set)), ERR_UNAUTHORIZED);
	txn_of_any(txn);
}

void user_end_tokens(struct call *call, const char *hash, struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *set = DOC(arena, NULL);
	bson_t *filter = user_active(arena, &call->caller->id, ROLE_NONE);

	if (hash) {
		doc_unchanged(filter, call->caller->record, "password");
		BSON_APPEND_UTF8(set, "password", hash);
	}
	/* not the start of the call: it may have waited for its turn to hash, while others logged in */
	txn_update_after(txn, USERS, filter,
			 tokens_end(arena, set, NULL, call->caller->issued_at, clock_now()),
			 ERR_UNAUTHORIZED);
	txn_of_any(txn);
}

/* ---- roles ---- */

static bson_t *other_admin(struct arena *arena, const struct id *leaving)
{
	bson_t *filter = users_active(arena, ROLE_ADMIN);

	bson_concat(filter, DOC(arena, SUB("_id", ID("$ne", leaving))));
	return filter;
}

/* Whoever else asks is an admin that stays, if they still are one. */
static enum err admin_stays(struct call *call, const struct id *leaving)
{
	const struct caller *caller = call->caller;
	bool other = caller->known && !id_equal(&caller->id, leaving);
	const bson_t *found;
	enum err err = other ? db_find_id(call->db, call->arena, USERS, &caller->id, &found) :
			       db_find_one(call->db, call->arena, USERS,
					   other_admin(call->arena, leaving), NULL, &found);

	if (err != OK)
		return err;
	if (!other)
		return found ? OK :
			       call_refuse(call, ERR_CONFLICT, "The last admin must stay one.");
	if (!found || doc_bool(found, "closing", false))
		return ERR_UNAUTHORIZED;
	return role_of(doc_text(found, "role")) == ROLE_ADMIN ? OK : ERR_FORBIDDEN;
}

/*
 * Two admins must not take each other's role or account at once: whatever ends an admin bumps one guard document,
 * whose rev was read before it was seen who stays.
 */
enum err user_keep_an_admin(struct call *call, const struct id *leaving, struct txn *txn)
{
	struct arena *arena = call->arena;
	const bson_t *guard;
	enum err err =
		db_find_one(call->db, arena, META, DOC(arena, TEXT("_id", "admins")), NULL, &guard);

	if (err == OK)
		err = admin_stays(call, leaving);
	if (err != OK)
		return err;
	if (guard)
		txn_update(
			txn, META,
			DOC(arena, TEXT("_id", "admins"), WHOLE("rev", doc_whole(guard, "rev", 0))),
			DOC(arena, SUB("$inc", WHOLE("rev", 1))), ERR_CONFLICT);
	else
		txn_insert(txn, META, DOC(arena, TEXT("_id", "admins"), WHOLE("rev", 1)),
			   ERR_CONFLICT);
	return OK;
}

/* Still of the role that was read, and with nothing open. */
static bson_t *changes_role(struct arena *arena, const struct id *id, const char *before)
{
	bson_t *filter = user_active(arena, id, ROLE_NONE);

	BSON_APPEND_UTF8(filter, "role", before ? before : "");
	bson_concat(filter, user_idle(arena));
	return filter;
}

enum err user_set_role(struct call *call, const struct id *id, enum role role, struct txn *txn)
{
	struct arena *arena = call->arena;
	const bson_t *user;
	enum err err = user_read(call, id, &user);

	if (err != OK)
		return err;
	const char *before = doc_text(user, "role");
	if (role_of(before) == ROLE_ADMIN && role != ROLE_ADMIN)
		err = user_keep_an_admin(call, id, txn);
	if (err == OK && role_of(before) != role && is_busy(user))
		err = call_refuse(call, ERR_CONFLICT,
				  "The user has open tasks, pending submissions or withdrawals.");
	if (err != OK)
		return err;
	bson_t *filter = role_of(before) == role ? user_active(arena, id, role) :
						   changes_role(arena, id, before);
	txn_update_after(txn, USERS, filter, DOC(arena, SUB("$set", TEXT("role", role_name(role)))),
			 ERR_CONFLICT);
	return OK;
}

/* ---- lists ---- */

/*
 * A pattern that matches the text itself: whatever could mean something else is escaped. No mark may follow, as with
 * one the last letter would be another.
 */
static const char *literal(struct arena *arena, const char *text)
{
	char *pattern = arena_alloc(arena, 2 * strlen(text) + 1), *to = pattern;

	for (const char *from = text; *from; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte < 0x80 && !isalnum(byte))
			*to++ = '\\';
		*to++ = *from;
	}
	*to = '\0';
	return arena_printf(arena, "%s(?!\\p{M})", pattern);
}

/* In what it is found by, or, where a record lacks that, in name or e-mail as they stand. */
static bson_t *text_filter(struct arena *arena, const char *text)
{
	const char *folded = literal(arena, unicode_fold_text(arena, text));
	const char *typed = literal(arena, text);

	if (!words_any(arena, text))
		return DOC(arena, SUB("_id", EMPTY_LIST("$in")));
	return DOC(arena, LIST("$or", ITEM(PAIR("searched", BCON_REGEX(folded, ""))),
			       ITEM(NONE("searched"), PAIR("name", BCON_REGEX(typed, "i"))),
			       ITEM(NONE("searched"), PAIR("email", BCON_REGEX(typed, "i")))));
}

void user_list(struct call *call, const struct user_query *query, struct list *list)
{
	struct arena *arena = call->arena;
	bson_t *filter = users_active(arena, ROLE_NONE);

	if (query->role)
		BSON_APPEND_UTF8(filter, "role", query->role);
	if (query->text && *query->text)
		bson_concat(filter, text_filter(arena, query->text));
	*list = (struct list){
		.in = USERS,
		.filter = filter,
		.name = LIST_NAME(arena, "users", query->role, query->text),
	};
}
