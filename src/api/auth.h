/* /auth: accounts and tokens (contract section 3). */
#ifndef API_AUTH_H
#define API_AUTH_H

#include "http/request.h"
#include "http/route.h"

#include <bson/bson.h>

extern const struct schema register_schema, login_schema, profile_schema, password_schema;
extern const struct view user_view, session_view, message_token_view;

/* Answers a log-in: a new token, and the user in this document. */
void auth_respond_session(struct request *rq, const bson_t *user);

enum err auth_register(struct request *rq);
/* The address in the body of a log-in, which may be anybody's; NULL when rq is no log-in. */
const char *auth_login_email(const struct request *rq);
enum err auth_login(struct request *rq);
enum err auth_me(struct request *rq);
enum err auth_profile_shown(struct request *rq, struct json *json);
enum err auth_profile(struct request *rq);
enum err auth_password(struct request *rq);
enum err auth_logout(struct request *rq);

#endif
