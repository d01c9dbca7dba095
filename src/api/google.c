#include "api/api.h"

#include "api/auth.h"
#include "auth/google.h"
#include "auth/jws.h"
#include "auth/throttle.h"
#include "market/google_users.h"
#include "providers/google_keys.h"

struct google_input {
	const char *token;
};

static const struct field login_fields[] = {
	FIELD("tokenId", TEXT, google_input, token, .flags = FIELD_REQUIRED, .min = 1,
	      .max = JWS_LENGTH_MAX, .help = "The ID token that Google gave the page",
	      .example = "\"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2lnbmF0dXJl\""),
};
static const struct schema login_schema =
	SCHEMA_OF("GoogleLogin", struct google_input, login_fields);

static enum err verify(struct request *rq, struct google_claims *claims)
{
	const struct google_input *input = rq->body_input;
	const struct app *app = rq->app;
	const struct google_check check = {
		.client_ids = app->config->google_client_ids,
		.find = google_keys_find,
		.context = app->google,
	};

	if (!check.client_ids)
		return fail(rq, ERR_NOT_CONFIGURED, "Signing in with Google is not set up here.");
	enum err err = google_verify(rq->arena, &check, input->token, rq->now, claims);
	if (err == ERR_UNAUTHORIZED)
		return fail(rq, err, "Google's token was not accepted; please sign in again.");
	if (err == ERR_TOKEN_EXPIRED)
		return fail(rq, err, "Google's token has expired; please sign in again.");
	return err;
}

struct visit {
	struct google_claims claims;
	const bson_t *user; /* the account, or NULL for a newcomer */
	bool looked; /* user is what this try goes by */
};

static enum err visitor_find(struct request *rq, struct visit *visit)
{
	visit->looked = true;
	return google_user_find(call_of(rq), &visit->claims, &visit->user);
}

static enum err sign_in_plan(struct request *rq, struct txn *txn, void *context)
{
	struct visit *visit = context;
	enum err err = visit->looked ? OK : visitor_find(rq, visit);

	visit->looked = false;
	if (err == OK)
		google_user_sign_in(call_of(rq), &visit->claims, visit->user, txn);
	return err;
}

/* A newcomer counts as one registration, however many tries it takes to make the account. */
static enum err auth_google(struct request *rq)
{
	struct call *call = call_of(rq);
	struct visit visit;
	enum err err = verify(rq, &visit.claims);

	if (err == OK)
		err = visitor_find(rq, &visit);
	if (err == OK && !visit.user)
		err = throttle_register(call->db, rq->arena, rq->address,
					call->config->register_limit, rq->now,
					&rq->detail.retry_after);
	return err == OK ? carry_out_with(rq, sign_in_plan, auth_signed_in, &visit) : err;
}

static const struct route rows[] = {
	{ POST, "/auth/google-login", ACCESS_PUBLIC, .body = &login_schema, .turn = TURN_GOOGLE,
	  .handler = auth_google, .view = &session_view,
	  .errors = ERRORS(ERR_UNAUTHORIZED, ERR_TOKEN_EXPIRED, ERR_CONFLICT, ERR_NOT_CONFIGURED),
	  .summary = "Get a token for one of Google's; a newcomer becomes a worker" },
};
const struct routes google_routes = ROUTES_OF(rows);
