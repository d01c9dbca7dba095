/* Users: registering, signing in, profiles, roles; and what other rules need of a user (contract sections 2, 3, 9). */
#ifndef MARKET_USERS_H
#define MARKET_USERS_H

#include "market/market.h"

#define BONUS_WORKER 10
#define BONUS_BUYER 50

struct register_input {
	const char *name, *email, *password, *role, *photoURL;
};

struct profile_input {
	const char *name, *photoURL;
};

/* ERR_COINS_OWED with owed when the caller, as read, owes any; ERR_INSUFFICIENT_COINS with required and available
 * when they lack the coins. */
enum err user_can_pay(struct call *call, int64_t coins);

/* Filter: users not being removed, of the role unless it is ROLE_NONE. */
bson_t *users_active(struct arena *arena, enum role role);
/* The same, of this user. */
bson_t *user_active(struct arena *arena, const struct id *id, enum role role);

/* Filter members: no open tasks, nothing pending. Documents of an older server lack the counters. */
bson_t *user_idle(struct arena *arena);

/* Appends the fields by which a user of this name and e-mail is found: `searched`, and the version of their rules. */
void user_search_set(struct arena *arena, bson_t *set, const char *name, const char *email);

/* The user of an e-mail address (base/email.h), or NULL. */
enum err user_by_email(struct call *call, const char *email, const bson_t **user);

/* A new user with the bonus of the role, from a hash made before. ERR_EMAIL_TAKEN. Inserted: USERS. */
enum err user_register(struct call *call, const struct register_input *input, const char *hash,
		       struct txn *txn);

/* A new user with the bonus of the role. credentials: fields that show who it is (password, googleId …); taken: the
 * error when the address or one of those is somebody's already. Inserted: USERS. */
void user_add(struct call *call, const struct register_input *input, const bson_t *credentials,
	      enum err taken, struct txn *txn);

/* A user made by the service itself: no bonus. For admins. Inserted: USERS. */
void user_create_admin(struct call *call, const struct register_input *input, const char *hash,
		       struct txn *txn);

/* PUT /profile. With unchanged, only if name and photo are still those that were read. Found: USERS. */
void user_edit(struct call *call, const struct profile_input *input, bool unchanged,
	       struct txn *txn);

/* From now on every token of the caller issued before is refused (market/tokens.h). A hash is set unless it is NULL,
 * and only while the password is still the one of the caller's record, which was verified. Found: USERS. */
void user_end_tokens(struct call *call, const char *hash, struct txn *txn);

/* The lastLogin of a user is now, and a token is given out. proof names the field that showed who it is: it must still
 * be as it was read, and no token must have ended since then. ERR_BUSY. Found: USERS. */
void user_signed_in(struct call *call, const bson_t *user, const char *proof, struct txn *txn);

/*
 * For an admin who ceases to be one: adds the guard that another admin stays. ERR_CONFLICT when nobody else is an admin.
 * When the caller is another admin: ERR_UNAUTHORIZED or ERR_FORBIDDEN when they have ceased to be one meanwhile.
 */
enum err user_keep_an_admin(struct call *call, const struct id *leaving, struct txn *txn);

/* PUT /admin/users/:id/role. ERR_NOT_FOUND; ERR_CONFLICT while the user has open tasks, pending submissions or
 * withdrawals, and for the last admin. Found: USERS. */
enum err user_set_role(struct call *call, const struct id *user, enum role role, struct txn *txn);

#endif
