/* What the commands of microtaskctl share: what they work with, what they read, how they refuse. */
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

/* Says on standard error why the command does not go on; EXIT_FAILURE. */
int tool_refuse(const char *sentence);
/* The same with an error's sentence; EXIT_SUCCESS when there is none. */
int tool_refuse_err(enum err err);
/* The same where the data is not adopted yet: nothing may move coins before the journal knows of them. */
int tool_refuse_unadopted(enum err err);

/* A whole number of 1 to most. */
bool tool_read_count(const char *text, int64_t most, int64_t *count);
/* A call upon the market by the service itself; in the arena. */
struct call *tool_call(const struct tool *tool);

/* Checks what was given on the command line by the rules of the call that does the same. NULL when something is wrong,
 * which is said on standard error. */
const void *tool_read_input(struct tool *tool, const struct schema *schema, struct json *json,
			    struct buffer *body);

#endif
