#include "api/api.h"

#include "base/clock.h"
#include "market/audit.h"
#include "store/doc.h"

/* ---- the audit ---- */

/* Books that need longer than a caller should wait are audited by the next sweep. */
#define AUDIT_ANSWER_MS (5 * CLOCK_SECOND)

static const struct view_row difference_rows[] = {
	MEMBER("kind", TEXT, .known = KNOWN("coins", "pending_coins", "escrow", "missing"),
	       .help = "missing: an account without its user or task, or one that is not adopted"),
	MEMBER("_id", ID, .help = "Of the user or task"),
	MEMBER("expected", WHOLE, .help = "By the journal"),
	MEMBER("found", WHOLE, .help = "In the record"),
};
static const struct view difference_view = VIEW_OF("AuditDifference", difference_rows);

static const struct view_row audit_rows[] = {
	MEMBER("balanced", BOOL, .help = "The sums agree and nothing differs"),
	MEMBER("asOf", DATE, .help = "When the books stood so"),
	MEMBER("coins", WHOLE, .help = "What users can spend"),
	MEMBER("pending_coins", WHOLE, .help = "What pending withdrawals hold"),
	MEMBER("escrow", WHOLE, .help = "What tasks hold"),
	MEMBER("opening", WHOLE, .help = "Balances that were there when the journal began"),
	MEMBER("bonuses", WHOLE, .help = "Given at registration"),
	MEMBER("purchases", WHOLE, .help = "Coins bought"),
	MEMBER("adjustments", WHOLE, .help = "By an operator; below 0 when coins were taken away"),
	MEMBER("payouts", WHOLE, .help = "Withdrawn"),
	MEMBER("forfeits", WHOLE, .help = "Left behind by removed users"),
	MEMBER("reversals", WHOLE, .help = "Taken back, as the money for them went back"),
	MEMBER("users", WHOLE, .help = "Users compared"),
	MEMBER("tasks", WHOLE, .help = "Tasks compared"),
	MEMBER("unadopted", OBJECT, .of = &unadopted_view, .flags = VIEW_OPTIONAL,
	       .help = "Records of each kind, counted to 1000, that came from elsewhere and are to be adopted"),
	MEMBER("differences", LIST, .of = &difference_view,
	       .help = "Up to 100 users and tasks that disagree with the journal"),
};
static const struct view audit_view = VIEW_OF("Audit", audit_rows);

static void audit_write(struct request *rq, const struct audit *audit)
{
	struct json *json = respond(rq);
	bson_iter_t at;
	bson_t one;

	render_members(json, &audit_view, audit->numbers, &rq->caller);
	if (!doc_is_empty(audit->unadopted))
		render(json, "unadopted", &unadopted_view, audit->unadopted, &rq->caller);
	json_array(json, "differences");
	for (bson_iter_init(&at, audit->differences); bson_iter_next(&at);)
		if (doc_part(audit->differences, bson_iter_key(&at), &one))
			render(json, NULL, &difference_view, &one, &rq->caller);
	json_end(json);
}

static enum err admin_audit(struct request *rq)
{
	struct call *call = call_of(rq);
	struct audit audit;
	enum err err = audit_run(call->db, rq->arena, AUDIT_ANSWER_MS, &audit);

	bool late = err == ERR_IN_PROGRESS;
	if (late)
		err = audit_ask(call->db, rq->arena);
	if (late && err == OK)
		err = audit_last(call->db, rq->arena, &audit);
	if (err == ERR_NOT_FOUND)
		return fail(rq, ERR_UNAVAILABLE,
			    "The books are too large to audit at once; a run will be ready soon.");
	if (err == OK)
		audit_write(rq, &audit);
	return err;
}

/* ---- the journal ---- */

struct ledger_query {
	struct page_query page;
	struct id_given user, task;
};

static const struct field ledger_fields[] = {
	FIELD("user", ID, ledger_query, user, .help = "Only entries about this user"),
	FIELD("task", ID, ledger_query, task, .help = "Only entries about this task"),
};
static const struct schema ledger_schema =
	SCHEMA_OF("LedgerQuery", struct ledger_query, ledger_fields, .base = &page_schema);

static const struct view_row entry_rows[] = {
	MEMBER("_id", TEXT, .help = "Made from what happened, so nothing is entered twice",
	       .example = "\"approve:65a1b2c3d4e5f60718293a4b\""),
	MEMBER("from", TEXT, .example = "\"escrow:65a1b2c3d4e5f60718293a4b\""),
	MEMBER("to", TEXT, .example = "\"user:65a1b2c3d4e5f60718293a4b\""),
	MEMBER("coins", WHOLE, .help = "Above 0"),
	MEMBER("kind", TEXT, .example = "\"reward\""),
	MEMBER("user", ID, .flags = VIEW_OPTIONAL, .help = "Whom it concerns"),
	MEMBER("task", ID, .flags = VIEW_OPTIONAL, .help = "What it concerns"),
	MEMBER("reason", TEXT, .flags = VIEW_OPTIONAL, .help = "Of a correction by an operator"),
	MEMBER("actor", TEXT, .help = "A user's id, or service", .example = "\"service\""),
	MEMBER("request_id", TEXT, .help = "Of the call that moved the coins"),
	MEMBER("at", DATE),
};
static const struct view entry_view = VIEW_OF("LedgerEntry", entry_rows);

static const struct view_row ledger_rows[] = { MEMBER("entries", LIST, .of = &entry_view) };
static const struct view ledger_view = VIEW_OF("Ledger", ledger_rows);

static const char *journal_name(struct arena *arena, const struct ledger_query *query)
{
	const char *user = query->user.given ? id_text(arena, &query->user.id) : NULL;
	const char *task = query->task.given ? id_text(arena, &query->task.id) : NULL;

	return LIST_NAME(arena, "ledger", user, task);
}

static enum err admin_ledger(struct request *rq)
{
	const struct ledger_query *query = rq->query_input;
	bson_t *filter = DOC(rq->arena, NULL);

	if (query->user.given)
		BSON_APPEND_OID(filter, "user", doc_oid(&query->user.id));
	if (query->task.given)
		BSON_APPEND_OID(filter, "task", doc_oid(&query->task.id));
	const struct list list = {
		.in = LEDGER,
		.filter = filter,
		.name = journal_name(rq->arena, query),
		.order_field = "at",
	};
	return respond_page(rq, &list);
}

static const struct route rows[] = {
	{ GET, "/admin/audit", ACCESS_ADMIN, .handler = admin_audit, .view = &audit_view,
	  .summary = "Do the books balance? Computed now, in one snapshot" },
	{ GET, "/admin/ledger", ACCESS_ADMIN, .query = &ledger_schema, .flags = LISTS,
	  .handler = admin_ledger, .view = &ledger_view, .summary = "The journal, newest first" },
};
const struct routes audit_routes = ROUTES_OF(rows);
