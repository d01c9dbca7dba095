#include "api/google.h"

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

static const struct field google_login_fields[] = {
	FIELD("tokenId", TEXT, google_input, token, .flags = FIELD_REQUIRED, .min = 1,
	      .max = JWS_LENGTH_MAX, .help = "The ID token that Google gave the page",
	      .example = "\"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2lnbmF0dXJl\""),
};
const struct schema google_login_schema =
	SCHEMA_OF("GoogleLogin", struct google_input, google_login_fields);

const enum err google_login_errors[] = { ERR_UNAUTHORIZED, ERR_TOKEN_EXPIRED, ERR_CONFLICT,
					 ERR_NOT_CONFIGURED, OK };

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

static void signed_in(struct request *rq, const struct txn *txn, void *context)
{
	const bson_t *made = txn_inserted(txn, USERS);

	(void)context;
	auth_respond_session(rq, made ? made : txn_found(txn, USERS));
}

/* A newcomer counts as one registration, however often the account is tried to be made. */
enum err auth_google(struct request *rq)
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
	return err == OK ? carry_out_with(rq, sign_in_plan, signed_in, &visit) : err;
}
