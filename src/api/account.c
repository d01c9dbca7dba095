#include "api/api.h"

#include "api/auth.h"
#include "auth/caller.h"
#include "auth/password.h"
#include "market/users.h"
#include "store/doc.h"

#include <string.h>

/* ---- inputs ---- */

static const struct field profile_fields[] = {
	FIELD("name", TEXT, profile_input, name, .flags = FIELD_LABEL, .min = 1, .max = 100,
	      .help = "Shown to others", .example = "\"Ada King\""),
	FIELD("photoURL", URL, profile_input, photoURL, .max = 2048,
	      .help = "A picture's address; empty removes it"),
};
static const struct schema profile_schema =
	SCHEMA_OF("ProfileEdit", struct profile_input, profile_fields);

struct password_input {
	const char *current, *fresh;
};

static const struct field password_fields[] = {
	FIELD("currentPassword", PASSWORD, password_input, current, .flags = FIELD_REQUIRED,
	      .min = 1, .max = 4096, .help = "The password so far", .example = "\"engine-1843\""),
	FIELD("newPassword", PASSWORD, password_input, fresh, .flags = FIELD_REQUIRED, .min = 6,
	      .max = PASSWORD_BYTES_MAX, .check = auth_password_check,
	      .help = "6 to 72 bytes with a letter and a digit", .example = "\"engine-1844\""),
};
static const struct schema password_schema =
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

static const struct view_row changed_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("token", TEXT, .help = "Replaces the token that was used"),
};
static const struct view changed_view = VIEW_OF("MessageAndToken", changed_rows);

/* ---- reading and changing it ---- */

static enum err account_read(struct request *rq)
{
	respond_record(rq, rq->caller.record);
	return OK;
}

static enum err account_shown(struct request *rq, struct json *json)
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

static enum err account_edit(struct request *rq)
{
	return carry_out_shown(rq, profile_plan, NULL, USERS);
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

static enum err account_password(struct request *rq)
{
	const struct password_input *input = rq->body_input;
	struct password_change change = { .proven = stored_password(rq) };

	if (!change.proven)
		return ERR_NO_PASSWORD;
	enum err err = auth_guess(rq, rq->caller.email, input->current, change.proven);
	if (err == ERR_BAD_LOGIN)
		return ERR_WRONG_PASSWORD;
	if (err == OK)
		err = auth_hash(rq, input->fresh, &change.fresh);
	return err == OK ? carry_out_with(rq, password_plan, password_changed, &change) : err;
}

static enum err logout_plan(struct request *rq, struct txn *txn)
{
	user_end_tokens(call_of(rq), NULL, txn);
	return OK;
}

static enum err account_logout(struct request *rq)
{
	return carry_out_told(rq, logout_plan, "You are logged out everywhere.");
}

static const struct route rows[] = {
	{ GET, "/auth/me", ACCESS_ANY, .handler = account_read, .view = &user_view,
	  .summary = "One's own account" },
	{ PUT, "/auth/profile", ACCESS_ANY, .body = &profile_schema, .shown = account_shown,
	  .handler = account_edit, .view = &user_view, .summary = "Change name or picture",
	  .errors = ERRORS(ERR_PRECONDITION_FAILED) },
	{ PUT, "/auth/password", ACCESS_ANY, .body = &password_schema, .turn = TURN_HASH,
	  .handler = account_password, .view = &changed_view,
	  .summary = "Change the password; older tokens stop working",
	  .errors = ERRORS(ERR_WRONG_PASSWORD, ERR_NO_PASSWORD) },
	{ POST, "/auth/logout", ACCESS_ANY, .handler = account_logout, .view = &message_view,
	  .summary = "End every token of the account" },
};
const struct routes account_routes = ROUTES_OF(rows);
