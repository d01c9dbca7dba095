/* Commands that make the database ready, fill it, and check its books. */
#include "ctl/tool.h"

#include "base/clock.h"
#include "ctl/seed.h"
#include "market/audit.h"
#include "market/email_keys.h"
#include "market/search_renewal.h"
#include "migrate/adoption.h"
#include "store/replica_set.h"
#include "store/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse_with(enum err err, const char *problem)
{
	return err == OK || !*problem ? tool_refuse_err(err) : tool_refuse(problem);
}

/* ---- init-set, init-db ---- */

int command_init_set(struct tool *tool)
{
	char problem[256] = "";

	return refuse_with(replica_set_begin(tool->argv[0], tool->argv[1], problem), problem);
}

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
	return refuse_with(err, problem);
}

/* ---- seed-demo ---- */

int command_seed_demo(struct tool *tool)
{
	struct seed_order order = { .now = clock_now(), .production = tool->config->production };
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
	setlinebuf(stdout); /* who waits for a million tasks wants to see them come */
	err = seed_demo(tool->db, &order, problem);
	return refuse_with(err, problem);
}

/* ---- audit ---- */

static void audit_print(const struct audit *audit)
{
	printf("coins %lld + pending %lld + escrow %lld = opening %lld + bonuses %lld + purchases %lld "
	       "+ adjustments %lld - payouts %lld - forfeits %lld - reversals %lld\n",
	       (long long)audit->coins, (long long)audit->pending_coins, (long long)audit->escrow,
	       (long long)audit->opening, (long long)audit->bonuses, (long long)audit->purchases,
	       (long long)audit->adjustments, (long long)audit->payouts, (long long)audit->forfeits,
	       (long long)audit->reversals);
	for (size_t i = 0; i < audit->difference_count; i++) {
		char hex[ID_HEX_LENGTH + 1];

		id_hex(&audit->differences[i].id, hex);
		printf("%s of %s: expected %lld, found %lld\n", audit->differences[i].kind, hex,
		       (long long)audit->differences[i].expected,
		       (long long)audit->differences[i].found);
	}
	for (int in = 0; in < MARKED_COUNT; in++)
		if (audit->unadopted.of[in])
			printf("%s: %lld%s not adopted, init-db does so\n",
			       collection_name((enum collection)in),
			       (long long)audit->unadopted.of[in],
			       audit->unadopted.of[in] == UNMARKED_COUNTED ? " or more" : "");
	printf("%lld users and %lld tasks compared: %s\n", (long long)audit->users,
	       (long long)audit->tasks, audit->balanced ? "balanced" : "NOT BALANCED");
}

int command_audit(struct tool *tool)
{
	struct audit *result = arena_alloc(tool->arena, sizeof *result);
	enum err err = audit_run(tool->db, tool->arena, 0, result);

	if (err != OK)
		return tool_refuse_err(err);
	audit_print(result);
	return result->balanced ? EXIT_SUCCESS : EXIT_FAILURE;
}
