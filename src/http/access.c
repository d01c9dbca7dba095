#include "http/access.h"

#include "auth/caller.h"
#include "http/app.h"
#include "store/doc.h"

#include <string.h>
#include <strings.h>

/* The token of "Bearer <token>"; NULL when there is none or it is something else. */
static const char *bearer_token(struct arena *arena, const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return NULL;

	const char *token = authorization + sizeof(scheme) - 1;

	token += strspn(token, " ");

	size_t length = strcspn(token, " \t");

	if (length == 0 || token[length + strspn(token + length, " \t")] != '\0')
		return NULL;
	return arena_copy(arena, token, length);
}

static enum err authenticate(struct request *rq)
{
	const char *token = bearer_token(rq->arena, rq->authorization);

	if (rq->app->authenticate)
		return rq->app->authenticate(rq, token);
	if (!token)
		return ERR_UNAUTHORIZED;
	return caller_read(rq->db, rq->arena, rq->app->config, token, rq->now, &rq->caller);
}

/* Answers as if no token had come. */
static enum err forget_caller(struct request *rq)
{
	memset(&rq->caller, 0, sizeof(rq->caller));
	memset(&rq->detail, 0, sizeof(rq->detail));
	return OK;
}

enum err access_identify(struct request *rq)
{
	bool optional = rq->route->access == ACCESS_OPTIONAL;

	forget_caller(rq);
	if (rq->route->access == ACCESS_PUBLIC)
		return OK;

	enum err e = authenticate(rq);

	/* A front end sends its stale token everywhere, even when it logs in. */
	if (optional && (e == ERR_UNAUTHORIZED || e == ERR_TOKEN_EXPIRED))
		return forget_caller(rq);
	return e;
}

enum err access_admit(struct request *rq)
{
	return route_admits(rq->route, rq->caller.role) ? OK : ERR_FORBIDDEN;
}

enum err access_again(struct request *rq)
{
	const bson_t *user;

	if (!rq->caller.known)
		return OK;

	enum err e = db_find_id(rq->db, rq->arena, USERS, &rq->caller.id, &user);

	if (e != OK)
		return e;
	if (!user || doc_bool(user, "closing", false))
		return ERR_UNAUTHORIZED;
	caller_from(user, &rq->caller);
	return access_admit(rq);
}
