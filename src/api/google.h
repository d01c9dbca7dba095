/* /auth/google-login: signing in with Google (contract section 3). */
#ifndef API_GOOGLE_H
#define API_GOOGLE_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema google_login_schema;
extern const enum err google_login_errors[];

/* Runs before auth_google: verifies the token, and counts the registration of a newcomer (auth/throttle.h). */
enum err auth_google_verify(struct request *rq);
enum err auth_google(struct request *rq, struct txn *txn);
void auth_google_done(struct request *rq, const struct txn *txn);

#endif
