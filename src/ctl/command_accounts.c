#include "ctl/tool.h"

#include "api/api.h"
#include "api/auth.h"
#include "auth/password.h"
#include "market/adjustments.h"
#include "market/users.h"
#include "store/doc.h"
#include "store/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- create-admin ---- */

/* A password on the command line would stand in the process list. */
static char *password_from_input(struct arena *arena)
{
	char line[256];

	if (!fgets(line, sizeof line, stdin))
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return arena_text(arena, line);
}

static const struct register_input *admin_input(struct tool *tool, const char *password)
{
	struct buffer body = { 0 };
	struct json json;

	json_start(&json, &body);
	json_object(&json, NULL);
	json_text(&json, "name", tool->argv[0]);
	json_text(&json, "email", tool->argv[1]);
	json_text(&json, "password", password);
	json_text(&json, "role", "admin");
	return tool_read_input(tool, &register_schema, &json, &body);
}

int command_create_admin(struct tool *tool)
{
	struct call *call = tool_call(tool);
	char hash[PASSWORD_HASH_SIZE];
	struct txn txn;
	const bson_t *taken;

	const char *password = password_from_input(tool->arena);
	const struct register_input *input = password ? admin_input(tool, password) : NULL;
	if (!input)
		return password ? EXIT_FAILURE : tool_refuse("No password was given.");
	enum err err = user_by_email(call, input->email, &taken);
	if (err != OK || taken)
		return tool_refuse_err(err != OK ? err : ERR_EMAIL_TAKEN);
	if (!password_hash(input->password, hash))
		return tool_refuse("The password cannot be hashed.");
	txn_start(&txn, tool->arena);
	user_create_admin(call, input, hash, &txn);
	return tool_refuse_err(txn_commit(tool->db, &txn));
}

/* ---- adjust ---- */

static const struct adjustment *adjustment_input(struct tool *tool)
{
	struct buffer body = { 0 };
	struct json json;

	json_start(&json, &body);
	json_object(&json, NULL);
	json_text(&json, "coins", tool->argv[1]);
	json_text(&json, "reason", tool->argv[2]);
	return tool_read_input(tool, &adjust_schema, &json, &body);
}

struct adjusting {
	struct call *call;
	struct id user;
	const struct adjustment *adjustment;
};

static enum err adjust_build(void *context, struct txn *txn)
{
	struct adjusting *adjusting = context;

	*adjusting->call->detail = (struct err_detail){ 0 };
	return user_adjust(adjusting->call, &adjusting->user, adjusting->adjustment, txn);
}

int command_adjust(struct tool *tool)
{
	struct adjusting adjusting = { .call = tool_call(tool),
				       .adjustment = adjustment_input(tool) };
	const struct txn *done;
	const bson_t *user;

	if (!adjusting.adjustment)
		return EXIT_FAILURE;
	enum err err = setup_ready(tool->db, tool->arena);
	if (err != OK)
		return tool_refuse_unadopted(err);
	err = user_by_email(adjusting.call, tool->argv[0], &user);
	if (err == OK && !user)
		return tool_refuse("There is no account with this address.");
	if (err == OK) {
		adjusting.user = doc_own_id(user);
		err = txn_carry_out(tool->db, tool->arena, adjust_build, &adjusting, &done);
	}
	if (err == OK)
		printf("%s has %lld coins now\n", tool->argv[0],
		       (long long)doc_whole(txn_found(done, USERS), "coins", 0));
	return tool_refuse_err(err);
}
