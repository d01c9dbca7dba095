/* Signing in with Google: whose account it is (contract section 3). */
#ifndef MARKET_GOOGLE_USERS_H
#define MARKET_GOOGLE_USERS_H

#include "auth/google.h"
#include "market/market.h"

/*
 * The account of verified claims: the one that belongs to Google's id for the person, else the one of the address,
 * which is then to be linked; NULL: there is none yet. ERR_UNAUTHORIZED when it is being removed, or there is none
 * and no account may have the address; ERR_CONFLICT when the address's account belongs to another Google account: an
 * address may have passed to somebody else.
 */
enum err google_user_find(struct call *call, const struct google_claims *claims,
			  const bson_t **user);

/*
 * Signs in to what google_user_find() found: an account that is Google's already; one to be linked, whose password and
 * tokens end with it, as whoever chose them may not own the address; or, for NULL, a new worker. ERR_CONFLICT,
 * ERR_BUSY when it is not as it was read any more. Found or inserted: USERS.
 */
void google_user_sign_in(struct call *call, const struct google_claims *claims, const bson_t *user,
			 struct txn *txn);

#endif
