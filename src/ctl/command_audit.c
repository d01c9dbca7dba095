#include "ctl/commands.h"

#include "market/audit.h"

#include <stdio.h>
#include <stdlib.h>

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
