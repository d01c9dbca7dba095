#include "api/auth.h"

#include "api/api.h"
#include "auth/caller.h"
#include "auth/password.h"
#include "auth/throttle.h"
#include "market/users.h"
#include "store/doc.h"

#include <string.h>

/* ---- inputs ---- */

static const char *password_check(const void *at)
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
	      .max = PASSWORD_BYTES_MAX, .check = password_check,
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
const struct schema login_schema = SCHEMA_OF("Login", struct login_input, login_fields);

static const struct field profile_fields[] = {
	FIELD("name", TEXT, profile_input, name, .flags = FIELD_LABEL, .min = 1, .max = 100,
	      .help = "Shown to others", .example = "\"Ada King\""),
	FIELD("photoURL", URL, profile_input, photoURL, .max = 2048,
	      .help = "A picture's address; empty removes it"),
};
const struct schema profile_schema = SCHEMA_OF("ProfileEdit", struct profile_input, profile_fields);

struct password_input {
	const char *current, *fresh;
};

static const struct field password_fields[] = {
	FIELD("currentPassword", PASSWORD, password_input, current, .flags = FIELD_REQUIRED,
	      .min = 1, .max = 4096, .help = "The password so far", .example = "\"engine-1843\""),
	FIELD("newPassword", PASSWORD, password_input, fresh, .flags = FIELD_REQUIRED, .min = 6,
	      .max = PASSWORD_BYTES_MAX, .check = password_check,
	      .help = "6 to 72 bytes with a letter and a digit", .example = "\"engine-1844\""),
};
const struct schema password_schema =
	SCHEMA_OF("PasswordChange", struct password_input, password_fields);

/* ---- views ---- */

static const struct view_row user_rows[] = {
	MEMBER("_id", ID),
	MEMBER("name", TEXT, .example = "\"Ada Lovelace\""),
	MEMBER("email", TEXT, .example = "\"ada@example.com\""),
	MEMBER("photoURL", TEXT, .flags = VIEW_ALWAYS, .example = "\"\""),
	MEMBER("role", TEXT, .known = role_names, .example = "\"worker\""),
	MEMBER("coins", WHOLE, .flags = VIEW_ALWAYS, .help = "What the user can spend",
	       .example = "10"),
	MEMBER("pending_coins", WHOLE, .flags = VIEW_ALWAYS,
	       .help = "What pending withdrawals hold", .example = "0"),
	MEMBER("owed_coins", WHOLE, .flags = VIEW_OPTIONAL,
	       .help = "What is owed for payments that went back; coins that come pay it first"),
	MEMBER("googleId", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("authProvider", TEXT, .flags = VIEW_OPTIONAL, .known = KNOWN("email", "google"),
	       .example = "\"email\""),
	MEMBER("lastLogin", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
};
const struct view user_view = VIEW_OF("User", user_rows);

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

static const struct view_row message_token_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("token", TEXT, .help = "Replaces the token that was used"),
};
const struct view message_token_view = VIEW_OF("MessageAndToken", message_token_rows);

/* ---- signing up and in ---- */

void auth_respond_session(struct request *rq, const bson_t *user)
{
	struct json *json = respond(rq);

	json_text(json, "token", caller_token(rq->arena, rq->app->config->jwt_secret, user));
	render_object(rq, user);
}

static enum err slot_acquire(struct request *rq, int *slot)
{
	return password_semaphore_acquire(rq->app->semaphore, rq->started_us / 1000, slot);
}

static enum err hash_new(struct request *rq, const char *password, const char **hash)
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

static void registered(struct request *rq, const struct txn *txn, void *context)
{
	(void)context;
	auth_respond_session(rq, txn_inserted(txn, USERS));
}

enum err auth_register(struct request *rq)
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
	err = hash_new(rq, input->password, &hash);
	return err == OK ? carry_out_with(rq, register_plan, registered, &hash) : err;
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

static enum err guess(struct request *rq, const char *email, const char *password, const char *hash)
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

static void logged_in(struct request *rq, const struct txn *txn, void *context)
{
	(void)context;
	auth_respond_session(rq, txn_found(txn, USERS));
}

enum err auth_login(struct request *rq)
{
	const struct login_input *input = rq->body_input;
	struct login login;
	enum err err = login_find(rq, &login);

	if (err == OK)
		err = guess(rq, input->email, input->password, login.hash);
	login.fitted = login.hash;
	return err == OK ? carry_out_with(rq, login_plan, logged_in, &login) : err;
}

/* ---- one's own account ---- */

enum err auth_me(struct request *rq)
{
	respond_record(rq, rq->caller.record);
	return OK;
}

enum err auth_profile_shown(struct request *rq, struct json *json)
{
	render_members(json, &user_view, rq->caller.record, &rq->caller);
	return OK;
}

static enum err profile_plan(struct request *rq, struct txn *txn)
{
	bool sent;
	enum err err = if_match(rq, &user_view, rq->caller.record, &sent);

	if (err == OK)
		user_edit(call_of(rq), rq->body_input, sent, txn);
	return err;
}

static void profile_changed(struct request *rq, const struct txn *txn)
{
	respond_record(rq, txn_found(txn, USERS));
}

enum err auth_profile(struct request *rq)
{
	return carry_out(rq, profile_plan, profile_changed);
}

struct password_change {
	const char *proven, *fresh; /* hashes */
};

static const char *stored_password(const struct request *rq)
{
	const char *hash = doc_text(rq->caller.record, "password");

	return hash && *hash ? hash : NULL;
}

static enum err password_plan(struct request *rq, struct txn *txn, void *context)
{
	const struct password_change *change = context;
	const char *stored = stored_password(rq);

	if (!stored || strcmp(stored, change->proven) != 0)
		return stored ? ERR_WRONG_PASSWORD : ERR_NO_PASSWORD;
	user_end_tokens(call_of(rq), change->fresh, txn);
	return OK;
}

static void password_changed(struct request *rq, const struct txn *txn, void *context)
{
	struct json *json = respond(rq);

	(void)context;
	json_text(json, "message", "The password was changed.");
	json_text(json, "token",
		  caller_token(rq->arena, rq->app->config->jwt_secret, txn_found(txn, USERS)));
}

enum err auth_password(struct request *rq)
{
	const struct password_input *input = rq->body_input;
	struct password_change change = { .proven = stored_password(rq) };

	if (!change.proven)
		return ERR_NO_PASSWORD;
	enum err err = guess(rq, rq->caller.email, input->current, change.proven);
	if (err == ERR_BAD_LOGIN)
		return ERR_WRONG_PASSWORD;
	if (err == OK)
		err = hash_new(rq, input->fresh, &change.fresh);
	return err == OK ? carry_out_with(rq, password_plan, password_changed, &change) : err;
}

static enum err logout_plan(struct request *rq, struct txn *txn)
{
	user_end_tokens(call_of(rq), NULL, txn);
	return OK;
}

static void logged_out(struct request *rq, const struct txn *txn)
{
	(void)txn;
	respond_message(rq, "You are logged out everywhere.");
}

enum err auth_logout(struct request *rq)
{
	return carry_out(rq, logout_plan, logged_out);
}
