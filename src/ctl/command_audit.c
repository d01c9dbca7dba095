#include "ctl/commands.h"

#include "market/audit.h"
#include "store/doc.h"

#include <stdio.h>
#include <stdlib.h>

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
