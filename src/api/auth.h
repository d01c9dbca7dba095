/* /auth: signing up and in (contract section 3). */
#ifndef API_AUTH_H
#define API_AUTH_H

#include "http/request.h"
#include "store/txn.h"
#include "json/schema.h"
#include "json/view.h"

extern const struct schema register_schema;
extern const struct view session_view;

/* Answers whoever has signed up or in (a change_answer): a new token, and the user that was made or found. */
void auth_signed_in(struct request *rq, const struct txn *txn, void *context);

/* Checks a new password, for the row of a field. */
const char *auth_password_check(const void *at);
/* Hashes a password with a slot; to be called once in a request, as it takes long. ERR_UNAVAILABLE. */
enum err auth_hash(struct request *rq, const char *password, const char **hash);
/* Counts a guess at a password, and tries it, with a slot: ERR_BAD_LOGIN, ERR_TOO_MANY_REQUESTS. hash NULL: no password
 * is right. */
enum err auth_guess(struct request *rq, const char *email, const char *password, const char *hash);

/* The address in the body of a log-in, which may be anybody's; NULL when rq is no log-in. */
const char *auth_login_email(const struct request *rq);

#endif
