/* Commands that make the database ready, fill it, and check its books. */
#include "ctl/tool.h"

#include "base/clock.h"
#include "ctl/seed.h"
#include "market/audit.h"
#include "market/email_keys.h"
#include "market/full_tasks.h"
#include "market/search_renewal.h"
#include "migrate/adoption.h"
#include "store/connect.h"
#include "store/doc.h"
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
	return adoption_run(order, adopted);
}

static enum err renew(void *context, int64_t *changed)
{
	const struct adoption_order *order = context;

	int64_t keys = 0, freed = 0;
	enum err err = search_renew(order->db, order->dry_run, order->report, changed);

	if (err == OK)
		err = email_keys_renew(order->db, order->dry_run, order->report, &keys);
	if (err == OK)
		err = full_tasks_free(order->db, order->dry_run, order->report, &freed);
	*changed += keys + freed;
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

static long long number(const bson_t *doc, const char *name)
{
	return doc_whole(doc, name, 0);
}

static void difference_print(const bson_t *one)
{
	char hex[ID_HEX_LENGTH + 1];
	struct id id = doc_own_id(one);

	id_hex(&id, hex);
	printf("%s of %s: expected %lld, found %lld\n", doc_text(one, "kind"), hex,
	       number(one, "expected"), number(one, "found"));
}

static void audit_print(const struct audit *audit)
{
	const bson_t *n = audit->numbers;
	bson_iter_t at;
	bson_t one;
	int64_t count;

	printf("coins %lld + pending %lld + escrow %lld = opening %lld + bonuses %lld + purchases %lld "
	       "+ adjustments %lld - payouts %lld - forfeits %lld - reversals %lld\n",
	       number(n, "coins"), number(n, "pending_coins"), number(n, "escrow"),
	       number(n, "opening"), number(n, "bonuses"), number(n, "purchases"),
	       number(n, "adjustments"), number(n, "payouts"), number(n, "forfeits"),
	       number(n, "reversals"));
	for (bson_iter_init(&at, audit->differences); bson_iter_next(&at);)
		if (doc_part(audit->differences, bson_iter_key(&at), &one))
			difference_print(&one);
	for (bson_iter_init(&at, audit->unadopted); bson_iter_next(&at);)
		if (doc_iter_number(&at, &count))
			printf("%s: %lld%s not adopted, init-db does so\n", bson_iter_key(&at),
			       (long long)count, count == UNMARKED_COUNTED ? " or more" : "");
	printf("%lld users and %lld tasks compared: %s\n", number(n, "users"), number(n, "tasks"),
	       doc_bool(n, "balanced", false) ? "balanced" : "NOT BALANCED");
}

int command_audit(struct tool *tool)
{
	struct audit audit;
	enum err err = audit_run(tool->db, tool->arena, 0, &audit);

	if (err != OK)
		return tool_refuse_err(err);
	audit_print(&audit);
	return doc_bool(audit.numbers, "balanced", false) ? EXIT_SUCCESS : EXIT_FAILURE;
}
