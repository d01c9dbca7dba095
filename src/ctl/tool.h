/* The commands of microtaskctl, and what they share. */
#ifndef CTL_TOOL_H
#define CTL_TOOL_H

#include "base/buffer.h"
#include "base/config.h"
#include "market/market.h"
#include "json/json_out.h"
#include "json/schema.h"

#include <stdbool.h>
#include <stdint.h>

/* What a command works with. db is NULL for those that need no database. */
struct tool {
	struct arena *arena;
	const struct config *config;
	struct store *store;
	struct db *db;
	int argc;
	char **argv;
};

/* Says on standard error why the command ends. Returns EXIT_FAILURE. */
int tool_refuse(const char *sentence);
/* The same with the error's sentence. Returns EXIT_SUCCESS when err is OK. */
int tool_refuse_err(enum err err);
/* The same for a command that needs adopted data: no coins may move that the journal does not have. */
int tool_refuse_unadopted(enum err err);

/* Reads a whole number from 1 to most. */
bool tool_read_count(const char *text, int64_t most, int64_t *count);
/* A call of the market by the service itself; in the arena. */
struct call *tool_call(const struct tool *tool);

/* Checks what was given on the command line by the input schema of the call that does the same. NULL when something is
 * wrong, which it says on standard error. */
const void *tool_read_input(struct tool *tool, const struct schema *schema, struct json *json,
			    struct buffer *body);

/* The commands. Each returns the exit status. */
int command_init_set(struct tool *tool);
int command_init_db(struct tool *tool);
int command_create_admin(struct tool *tool);
int command_adjust(struct tool *tool);
int command_audit(struct tool *tool);
int command_sweep(struct tool *tool);
int command_seed_demo(struct tool *tool);
int command_routes(struct tool *tool);
int command_personal_data(struct tool *tool);
int command_openapi(struct tool *tool);

#endif
