#include "ctl/commands.h"

#include "base/clock.h"
#include "ctl/seed.h"
#include "store/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int command_seed_demo(struct tool *tool)
{
	struct seed_order order = { .now = clock_now(),
				    .production = tool->config->production,
				    .progress = stdout };
	char problem[256] = "";
	bool scaled = true;

	for (int i = 0; i < tool->argc && scaled; i++) {
		if (!strcmp(tool->argv[i], "--force"))
			order.force = true;
		else if (!strcmp(tool->argv[i], "--scale") && i + 1 < tool->argc)
			scaled = tool_read_count(tool->argv[++i], SEED_TASKS_MAX, &order.scale);
		else
			scaled = false;
	}
	if (!scaled)
		return tool_refuse(
			"seed-demo takes --scale with a number of tasks, 1 to 1000000, and --force.");
	enum err err = setup_ready(tool->db, tool->arena);
	if (err != OK)
		return tool_refuse_unadopted(err);
	err = seed_demo(tool->db, &order, problem);
	return err == OK ? EXIT_SUCCESS : tool_refuse(*problem ? problem : err_row(err)->sentence);
}
