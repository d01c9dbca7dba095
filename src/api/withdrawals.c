#include "api/api.h"

#include "market/status.h"
#include "market/withdrawal_lists.h"
#include "market/withdrawals.h"
#include "store/doc.h"

/* ---- inputs ---- */

static const char *const payment_systems[] = { "stripe", "bkash",	  "rocket", "nagad",
					       "paypal", "bank_transfer", NULL };

static const struct field ask_fields[] = {
	FIELD("withdrawal_coin", COINS, withdrawal_input, withdrawal_coin, .flags = FIELD_REQUIRED,
	      .min = WITHDRAWAL_COINS_MIN, .max = INT64_MAX, .below = ERR_BELOW_MINIMUM,
	      .below_tells = "minRequired", .help = "Coins to turn into money; 20 are a dollar",
	      .example = "200"),
	FIELD("payment_system", CHOICE, withdrawal_input, payment_system, .flags = FIELD_REQUIRED,
	      .choices = payment_systems, .help = "How the money is sent", .example = "\"bkash\""),
	FIELD("account_number", TEXT, withdrawal_input, account_number,
	      .flags = FIELD_REQUIRED | FIELD_DIGITS, .min = 1, .max = 64,
	      .help = "Where to; kept as text", .example = "\"01712345678\""),
};
static const struct schema ask_schema =
	SCHEMA_OF("WithdrawalInput", struct withdrawal_input, ask_fields);

static const struct field reject_fields[] = {
	FIELD("reason", TEXT, withdrawal_decision, reason, .max = 500, .help = "Told to the worker",
	      .example = "\"The account does not exist.\""),
};
static const struct schema reject_schema =
	SCHEMA_OF("WithdrawalRejection", struct withdrawal_decision, reject_fields);

/* ---- views ---- */

static const struct view_row withdrawal_rows[] = {
	MEMBER("_id", ID),
	MEMBER("worker_id", ID, .flags = VIEW_OPTIONAL),
	MEMBER("worker_email", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("worker_name", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("withdrawal_coin", WHOLE, .flags = VIEW_ALWAYS, .example = "200"),
	MEMBER("withdrawal_amount", MONEY, .flags = VIEW_ALWAYS, .help = "Dollars",
	       .example = "10"),
	MEMBER("payment_system", TEXT, .example = "\"bkash\""),
	MEMBER("account_number", TEXT, .example = "\"01712345678\""),
	MEMBER("status", TEXT, .known = review_statuses, .example = "\"pending\""),
	MEMBER("rejection_reason", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("withdraw_date", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("processed_date", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("updatedAt", DATE, .flags = VIEW_OPTIONAL),
};
static const struct view withdrawal_view = VIEW_OF("Withdrawal", withdrawal_rows);

static const struct view_row coin_buyer_rows[] = {
	MEMBER("buyer_id", ID),
	MEMBER("coins", WHOLE, .example = "40"),
};
static const struct view coin_buyer_view = VIEW_OF("CoinBuyer", coin_buyer_rows);

static const struct view_row coin_sources_rows[] = {
	MEMBER("bonus", WHOLE, .help = "Given at registration", .example = "10"),
	MEMBER("earned", WHOLE,
	       .help = "By approved work, and what was there when the journal began",
	       .example = "230"),
	MEMBER("buyers", LIST, .of = &coin_buyer_view, .help = "The five who paid most of it"),
};
static const struct view coin_sources_view = VIEW_OF("CoinSources", coin_sources_rows);

static const struct view_row pending_rows[] = {
	MEMBER("coinSources", OBJECT, .of = &coin_sources_view),
};
static const struct view pending_view =
	VIEW_OF("PendingWithdrawal", pending_rows, .base = &withdrawal_view);

static const struct view_row list_rows[] = { MEMBER("withdrawals", LIST, .of = &withdrawal_view) };
static const struct view list_view = VIEW_OF("WithdrawalPage", list_rows);

static const struct view_row pending_list_rows[] = {
	MEMBER("withdrawals", LIST, .of = &pending_view),
};
static const struct view pending_list_view = VIEW_OF("PendingWithdrawalPage", pending_list_rows);

static const struct view_row made_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("withdrawal", OBJECT, .of = &withdrawal_view),
	MEMBER("coins", WHOLE, .help = "What the worker can spend now"),
	MEMBER("pending_coins", WHOLE, .help = "What the worker's pending withdrawals hold"),
};
static const struct view made_view = VIEW_OF("WithdrawalMade", made_rows);

static const struct view_row approved_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("withdrawal", OBJECT, .of = &withdrawal_view),
	MEMBER("workerNewBalance", WHOLE, .help = "What the worker can spend"),
	MEMBER("workerCoinsRemaining", WHOLE, .help = "The same"),
};
static const struct view approved_view = VIEW_OF("WithdrawalApproved", approved_rows);

static const struct view_row rejected_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("withdrawal", OBJECT, .of = &withdrawal_view),
};
static const struct view rejected_view = VIEW_OF("WithdrawalRejected", rejected_rows);

/* ---- asking ---- */

static enum err create_plan(struct request *rq, struct txn *txn)
{
	return withdrawal_create(call_of(rq), rq->body_input, txn);
}

static void created(struct request *rq, const struct txn *txn)
{
	const bson_t *worker = txn_found(txn, USERS);
	struct json *json =
		respond_about(rq, "The withdrawal is asked for.", txn_inserted(txn, WITHDRAWALS));

	json_int(json, "coins", doc_whole(worker, "coins", 0));
	json_int(json, "pending_coins", doc_whole(worker, "pending_coins", 0));
}

static enum err withdrawals_create(struct request *rq)
{
	return carry_out(rq, create_plan, created);
}

/* ---- reading ---- */

static enum err withdrawals_mine(struct request *rq)
{
	return respond_list(rq, withdrawal_list_own);
}

struct sourced_page {
	struct sourced_withdrawals withdrawals;
	struct kept_rows rows;
};

static void source_row(void *context, const bson_t *doc, const char *text, size_t length)
{
	struct sourced_page *page = context;

	sourced_withdrawals_add(&page->withdrawals, doc);
	kept_rows_add(&page->rows, text, length);
}

static void sources_write(struct json *json, const struct coin_sources *sources)
{
	json_object(json, "coinSources");
	json_int(json, "bonus", sources->bonus);
	json_int(json, "earned", sources->earned);
	json_array(json, "buyers");
	for (size_t i = 0; i < sources->buyer_count; i++) {
		json_object(json, NULL);
		json_id(json, "buyer_id", &sources->buyers[i].buyer);
		json_int(json, "coins", sources->buyers[i].coins);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

/* The sources of a page's workers are read in one go, once the page is known. */
static enum err withdrawals_pending(struct request *rq)
{
	struct call *call = call_of(rq);
	struct sourced_page *kept = arena_alloc(rq->arena, sizeof *kept);
	struct rows rows = {
		.rq = rq, .view = &withdrawal_view, .take = source_row, .context = kept
	};
	struct page page;
	struct list list;

	kept->rows.arena = rq->arena;
	withdrawal_list_pending(call, &list);
	enum err err = page_run(&rows, &list, &page);
	if (err == OK)
		err = sourced_withdrawals_read(call, &kept->withdrawals);
	if (err != OK)
		return err;
	struct json *json = respond(rq);
	json_array(json, "withdrawals");
	for (size_t i = 0; i < kept->withdrawals.count; i++) {
		kept_row_open(json, &kept->rows, i);
		sources_write(json, &kept->withdrawals.list[i].sources);
		json_end(json);
	}
	json_end(json);
	page_members(json, &page);
	return OK;
}

/* ---- deciding ---- */

static enum err approve_plan(struct request *rq, struct txn *txn)
{
	const struct withdrawal_decision approve = { .approve = true };

	return withdrawal_decide(call_of(rq), &rq->ids[0], &approve, txn);
}

static void approved(struct request *rq, const struct txn *txn)
{
	int64_t coins = doc_whole(txn_found(txn, USERS), "coins", 0);
	struct json *json =
		respond_about(rq, "The withdrawal is approved.", txn_found(txn, WITHDRAWALS));

	json_int(json, "workerNewBalance", coins);
	json_int(json, "workerCoinsRemaining", coins);
}

static enum err withdrawals_approve(struct request *rq)
{
	return carry_out(rq, approve_plan, approved);
}

static enum err reject_plan(struct request *rq, struct txn *txn)
{
	return withdrawal_decide(call_of(rq), &rq->ids[0], rq->body_input, txn);
}

static enum err withdrawals_reject(struct request *rq)
{
	return carry_out_shown(rq, reject_plan, "The withdrawal is rejected.", WITHDRAWALS);
}

/* Three of them have older names. */
#define PENDING(name, says)                                                                        \
	{                                                                                          \
		.method = GET, .path = name, .access = ACCESS_ADMIN, .flags = LISTS,               \
		.query = &page_schema, .handler = withdrawals_pending, .view = &pending_list_view, \
		.summary = says                                                                    \
	}
#define APPROVE(name, says)                                                               \
	{                                                                                 \
		.method = PUT, .path = name, .access = ACCESS_ADMIN, .flags = IDEMPOTENT, \
		.handler = withdrawals_approve, .view = &approved_view, .summary = says,  \
		.errors = ERRORS(ERR_ALREADY_PROCESSED, ERR_CONFLICT, ERR_COINS_OWED)     \
	}
#define REJECT(name, says)                                                                     \
	{                                                                                      \
		.method = PUT, .path = name, .access = ACCESS_ADMIN, .flags = IDEMPOTENT,      \
		.body = &reject_schema, .handler = withdrawals_reject, .view = &rejected_view, \
		.summary = says, .errors = ERRORS(ERR_ALREADY_PROCESSED, ERR_CONFLICT)         \
	}

static const struct route rows[] = {
	{ POST, "/withdrawals", ACCESS_WORKER, .body = &ask_schema, .flags = IDEMPOTENT,
	  .handler = withdrawals_create, .status = 201, .view = &made_view,
	  .summary = "Ask for money; the coins are held until it is decided",
	  .errors = ERRORS(ERR_INSUFFICIENT_COINS, ERR_COINS_OWED) },
	{ GET, "/withdrawals/worker/history", ACCESS_WORKER, .query = &page_schema, .flags = LISTS,
	  .handler = withdrawals_mine, .view = &list_view, .summary = "One's own withdrawals" },
	PENDING("/withdrawals/admin/pending",
		"Pending withdrawals, and where the workers' coins came from"),
	PENDING("/withdrawals/pending", "As /withdrawals/admin/pending"),
	PENDING("/admin/withdrawals", "As /withdrawals/admin/pending"),
	APPROVE("/withdrawals/:id/approve", "Approve: the held coins leave"),
	APPROVE("/admin/withdrawals/:id/approve", "As /withdrawals/{id}/approve"),
	REJECT("/withdrawals/:id/reject", "Reject: the held coins are the worker's again"),
	REJECT("/admin/withdrawals/:id/reject", "As /withdrawals/{id}/reject"),
};
const struct routes withdrawal_routes = ROUTES_OF(rows);
