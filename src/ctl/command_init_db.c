#include "ctl/commands.h"

#include "market/email_keys.h"
#include "market/search_renewal.h"
#include "migrate/adoption.h"
#include "store/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err adopt(void *context, bool late, int64_t *adopted)
{
	struct adoption_order *order = context;

	order->late = late;
	return market_adopt(order, adopted);
}

static enum err renew(void *context, int64_t *changed)
{
	const struct adoption_order *order = context;

	int64_t keys = 0;
	enum err err = search_renew(order->db, order->dry_run, order->report, changed);

	if (err == OK)
		err = email_keys_renew(order->db, order->dry_run, order->report, &keys);
	*changed += keys;
	return err;
}

int command_init_db(struct tool *tool)
{
	bool dry_run = tool->argc == 1 && !strcmp(tool->argv[0], "--dry-run");
	struct adoption_order adoption = { .store = tool->store,
					   .db = tool->db,
					   .dry_run = dry_run,
					   .report = stdout,
					   .progress = stderr };
	struct setup_order order = { .report = stdout,
				     .dry_run = dry_run,
				     .adopt = adopt,
				     .renew = renew,
				     .context = &adoption };
	char problem[256] = "";

	if (tool->argc && !dry_run)
		return tool_refuse("init-db [--dry-run]");
	enum err err = setup_run(tool->db, tool->arena, &order, problem);
	return err == OK ? EXIT_SUCCESS : tool_refuse(*problem ? problem : err_row(err)->sentence);
}
