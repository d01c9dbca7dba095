#include "api/auth.h"

#include "api/api.h"
#include "auth/caller.h"
#include "auth/password.h"
#include "auth/throttle.h"
#include "market/users.h"
#include "store/doc.h"

#include <string.h>

/* ---- inputs ---- */

const char *auth_password_check(const void *at)
{
	return password_rule(*(const char *const *)at);
}

static const struct field register_fields[] = {
	FIELD("name", TEXT, register_input, name, .flags = FIELD_REQUIRED | FIELD_LABEL, .min = 1,
	      .max = 100, .help = "Shown to others", .example = "\"Ada Lovelace\""),
	FIELD("email", EMAIL, register_input, email, .flags = FIELD_REQUIRED, .max = 254,
	      .help = "Compared without regard to the case of ASCII letters",
	      .example = "\"ada@example.com\""),
	FIELD("password", PASSWORD, register_input, password, .flags = FIELD_REQUIRED, .min = 6,
	      .max = PASSWORD_BYTES_MAX, .check = auth_password_check,
	      .help = "6 to 72 bytes with a letter and a digit", .example = "\"engine-1843\""),
	/* admin, too: it is refused as forbidden, not as unknown */
	FIELD("role", CHOICE, register_input, role, .flags = FIELD_REQUIRED, .choices = role_names,
	      .help = "worker or buyer; nobody registers as admin", .example = "\"worker\""),
	FIELD("photoURL", URL, register_input, photoURL, .max = 2048,
	      .help = "A picture's address"),
};
const struct schema register_schema =
	SCHEMA_OF("Registration", struct register_input, register_fields);

struct login_input {
	const char *email, *password;
};

static const struct field login_fields[] = {
	FIELD("email", TEXT, login_input, email, .flags = FIELD_REQUIRED, .min = 1, .max = 254,
	      .help = "In any case", .example = "\"ada@example.com\""),
	FIELD("password", PASSWORD, login_input, password, .flags = FIELD_REQUIRED, .min = 1,
	      .max = 4096, .help = "The password", .example = "\"engine-1843\""),
};
static const struct schema login_schema = SCHEMA_OF("Login", struct login_input, login_fields);

/* ---- views ---- */

static const struct view_row session_user_rows[] = {
	MEMBER("_id", ID),
	MEMBER("name", TEXT, .example = "\"Ada Lovelace\""),
	MEMBER("email", TEXT, .example = "\"ada@example.com\""),
	MEMBER("role", TEXT, .known = role_names, .example = "\"worker\""),
	MEMBER("coins", WHOLE, .flags = VIEW_ALWAYS, .example = "10"),
	MEMBER("photoURL", TEXT, .flags = VIEW_ALWAYS, .example = "\"\""),
};
static const struct view session_user_view = VIEW_OF("SessionUser", session_user_rows);

static const struct view_row session_rows[] = {
	MEMBER("token", TEXT, .help = "For Authorization: Bearer"),
	MEMBER("user", OBJECT, .of = &session_user_view),
};
const struct view session_view = VIEW_OF("Session", session_rows);

/* ---- signing up and in ---- */

void auth_signed_in(struct request *rq, const struct txn *txn, void *context)
{
	const bson_t *made = txn_inserted(txn, USERS), *user = made ? made : txn_found(txn, USERS);
	struct json *json = respond(rq);

	(void)context;
	json_text(json, "token", caller_token(rq->arena, rq->app->config->jwt_secret, user));
	render_object(rq, user);
}

static enum err slot_acquire(struct request *rq, int *slot)
{
	return password_semaphore_acquire(rq->app->semaphore, rq->started_us / 1000, slot);
}

enum err auth_hash(struct request *rq, const char *password, const char **hash)
{
	char text[PASSWORD_HASH_SIZE];
	int slot;
	enum err err = slot_acquire(rq, &slot);

	if (err != OK)
		return err;
	bool made = password_hash(password, text);
	password_semaphore_release(rq->app->semaphore, slot);
	*hash = made ? arena_text(rq->arena, text) : NULL;
	return made ? OK : ERR_INTERNAL;
}

static enum err register_plan(struct request *rq, struct txn *txn, void *context)
{
	const char *const *hash = context;

	return user_register(call_of(rq), rq->body_input, *hash, txn);
}

static enum err auth_register(struct request *rq)
{
	const struct register_input *input = rq->body_input;
	struct call *call = call_of(rq);
	const bson_t *taken;
	const char *hash;

	if (role_of(input->role) == ROLE_ADMIN)
		return fail(rq, ERR_FORBIDDEN, "Nobody registers as admin.");
	enum err err =
		throttle_register(call->db, rq->arena, rq->address, call->config->register_limit,
				  rq->now, &rq->detail.retry_after);
	if (err == OK)
		err = user_by_email(call, input->email, &taken);
	if (err != OK || taken)
		return err != OK ? err : ERR_EMAIL_TAKEN;
	err = auth_hash(rq, input->password, &hash);
	return err == OK ? carry_out_with(rq, register_plan, auth_signed_in, &hash) : err;
}

/* Counted and checked with a slot, so that no more guesses are tried at once than there are slots. */
static enum err guess_counted(struct request *rq, const char *email, const char *password,
			      const char *hash)
{
	struct call *call = call_of(rq);
	int64_t limit = call->config->login_failures;
	enum err err = throttle_login_check(call->db, rq->arena, rq->address, email, limit, rq->now,
					    &rq->detail.retry_after);

	if (err != OK)
		return err;
	if (password_verify(password, hash))
		return throttle_login_succeeded(call->db, rq->arena, rq->address, email, limit);
	err = throttle_login_failed(call->db, rq->arena, rq->address, email, limit, rq->now);
	return err == OK ? ERR_BAD_LOGIN : err;
}

enum err auth_guess(struct request *rq, const char *email, const char *password, const char *hash)
{
	int slot;
	enum err err = slot_acquire(rq, &slot);

	if (err != OK)
		return err;
	err = guess_counted(rq, email, password, hash);
	password_semaphore_release(rq->app->semaphore, slot);
	return err;
}

const char *auth_login_email(const struct request *rq)
{
	const struct login_input *input = rq->body_input;

	return rq->route->body == &login_schema && input ? input->email : NULL;
}

struct login {
	const bson_t *user; /* whose address it is; NULL: nobody's */
	const char *hash; /* by which they may log in; NULL: not at all */
	const char *fitted; /* the hash that the password was found to fit */
};

static enum err login_find(struct request *rq, struct login *login)
{
	const struct login_input *input = rq->body_input;
	struct id id;
	enum err err = user_by_email(call_of(rq), input->email, &login->user);
	const bson_t *user = login->user;
	bool usable =
		err == OK && user && doc_id(user, "_id", &id) && !doc_bool(user, "closing", false);

	login->hash = usable ? doc_text(user, "password") : NULL;
	return err;
}

/* To hash once is dear enough: who changes the password meanwhile ends this log-in. */
static enum err login_plan(struct request *rq, struct txn *txn, void *context)
{
	struct login *login = context;
	enum err err = login->user ? OK : login_find(rq, login);

	if (err == OK && (!login->hash || strcmp(login->hash, login->fitted) != 0))
		err = ERR_BAD_LOGIN;
	if (err == OK)
		user_signed_in(call_of(rq), login->user, "password", txn);
	login->user = NULL; /* what was read is good for one try */
	return err;
}

static enum err auth_login(struct request *rq)
{
	const struct login_input *input = rq->body_input;
	struct login login;
	enum err err = login_find(rq, &login);

	if (err == OK)
		err = auth_guess(rq, input->email, input->password, login.hash);
	login.fitted = login.hash;
	return err == OK ? carry_out_with(rq, login_plan, auth_signed_in, &login) : err;
}

static const struct route rows[] = {
	{ POST, "/auth/register", ACCESS_PUBLIC, .body = &register_schema, .turn = TURN_HASH,
	  .handler = auth_register, .status = 201, .view = &session_view,
	  .summary = "Make an account",
	  .about = "A worker starts with 10 coins, a buyer with 50. Nobody registers as admin.",
	  .errors = ERRORS(ERR_EMAIL_TAKEN, ERR_FORBIDDEN) },
	{ POST, "/auth/login", ACCESS_PUBLIC, .body = &login_schema, .turn = TURN_HASH,
	  .handler = auth_login, .view = &session_view, .summary = "Get a token",
	  .about =
		  "After 10 failures for an account from one address even the right password waits.",
	  .errors = ERRORS(ERR_BAD_LOGIN) },
};
const struct routes auth_routes = ROUTES_OF(rows);
