/* Users: registering, signing in, profiles, roles, and what other rules need of users (contract sections 2, 3, 9). */
#ifndef MARKET_USERS_H
#define MARKET_USERS_H

#include "market/market.h"
#include "store/list.h"

#define BONUS_WORKER 10
#define BONUS_BUYER 50

struct register_input {
	const char *name, *email, *password, *role, *photoURL;
};

struct profile_input {
	const char *name, *photoURL;
};

/* Can the caller, as read, spend so many coins? ERR_COINS_OWED with owed when they owe any; ERR_INSUFFICIENT_COINS with
 * required and available when they have fewer. */
enum err user_can_pay(struct call *call, int64_t coins);

/* Filter: users who are not being removed, of this role (ROLE_NONE: of any). */
bson_t *users_active(struct arena *arena, enum role role);
/* The same for one user. */
bson_t *user_active(struct arena *arena, const struct id *id, enum role role);

/* The record of a user who is not being removed. ERR_NOT_FOUND. */
enum err user_read(struct call *call, const struct id *id, const bson_t **user);

/* Filter members: a user without open tasks and with nothing pending. Records of an older server lack the counters. */
bson_t *user_idle(struct arena *arena);

/* Appends the fields by which a user of this name and e-mail is found: `searched`, and the version of their rules. */
void user_search_set(struct arena *arena, bson_t *set, const char *name, const char *email);

/* The user of an e-mail address (base/email.h), or NULL. */
enum err user_by_email(struct call *call, const char *email, const bson_t **user);

/* A new user with the bonus of the role. hash: of the password. ERR_EMAIL_TAKEN. Inserted: USERS. */
enum err user_register(struct call *call, const struct register_input *input, const char *hash,
		       struct txn *txn);

/* The same with other credentials: fields by which the user will sign in (password, googleId …). taken: the error when
 * the address or a credential is somebody's already. Inserted: USERS. */
void user_add(struct call *call, const struct register_input *input, const bson_t *credentials,
	      enum err taken, struct txn *txn);

/* A user made by the service itself: no bonus. For admins. Inserted: USERS. */
void user_create_admin(struct call *call, const struct register_input *input, const char *hash,
		       struct txn *txn);

/* PUT /profile. unchanged: only if name and photo are still those that were read. Found: USERS. */
void user_edit(struct call *call, const struct profile_input *input, bool unchanged,
	       struct txn *txn);

/* Ends every token of the caller so far (market/tokens.h). Sets the password's hash unless it is NULL, but only if the
 * password is still the one in the caller's record, which was verified. Found: USERS. */
void user_end_tokens(struct call *call, const char *hash, struct txn *txn);

/* Sets a user's lastLogin and lets a token be given out. proof: the field that was verified, such as the password; it
 * must still be as it was read, and no token may have ended since then, else ERR_BUSY. Found: USERS. */
void user_signed_in(struct call *call, const bson_t *user, const char *proof, struct txn *txn);

/*
 * For a change that removes an admin, or takes the role from them: adds the guard that an admin is left. ERR_CONFLICT
 * when nobody else is one. When that is the caller: ERR_UNAUTHORIZED or ERR_FORBIDDEN if they are no admin any more.
 */
enum err user_keep_an_admin(struct call *call, const struct id *leaving, struct txn *txn);

/* PUT /admin/users/:id/role. ERR_NOT_FOUND; ERR_CONFLICT while the user has open tasks, pending submissions or
 * withdrawals, and for the last admin. Found: USERS. */
enum err user_set_role(struct call *call, const struct id *user, enum role role, struct txn *txn);

struct user_query {
	struct page_query page;
	const char *role; /* NULL: all */
	const char *text; /* to be found in name or e-mail, as search compares texts; NULL: all */
};

/* Newest first, without users who are being removed. */
void user_list(struct call *call, const struct user_query *query, struct list *list);

#endif
