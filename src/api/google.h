/* /auth/google-login: signing in with Google (contract section 3). */
#ifndef API_GOOGLE_H
#define API_GOOGLE_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema google_login_schema;
extern const enum err google_login_errors[];

enum err auth_google(struct request *rq);

#endif
