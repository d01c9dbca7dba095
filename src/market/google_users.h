/* Signing in with Google: which account that is (contract section 3). */
#ifndef MARKET_GOOGLE_USERS_H
#define MARKET_GOOGLE_USERS_H

#include "auth/google.h"
#include "market/market.h"

/*
 * Finds the account for verified claims: the one with Google's id for the person, else the one with the address, which
 * is then to be linked. NULL: there is none yet. ERR_UNAUTHORIZED when the account is being removed, or when there is
 * none and the address is one that no account may have. ERR_CONFLICT when the account with the address belongs to
 * another Google account, as the address may have passed to somebody else.
 */
enum err google_user_find(struct call *call, const struct google_claims *claims,
			  const bson_t **user);

/*
 * Signs in to the account that google_user_find() found. If it has to be linked, its password and its tokens end,
 * because whoever chose the password may not own the address. For NULL it makes a new worker. ERR_CONFLICT or ERR_BUSY
 * when the account has changed since it was read. Found or inserted: USERS.
 */
void google_user_sign_in(struct call *call, const struct google_claims *claims, const bson_t *user,
			 struct txn *txn);

#endif
