#include "api/api.h"

#include "market/stats.h"

static const struct view_row stats_rows[] = {
	MEMBER("totalWorkers", WHOLE),
	MEMBER("totalBuyers", WHOLE),
	MEMBER("totalAdmins", WHOLE),
	MEMBER("totalTasks", WHOLE, .help = "Cancelled ones too"),
	MEMBER("activeTasks", WHOLE),
	MEMBER("totalSubmissions", WHOLE),
	MEMBER("pendingSubmissions", WHOLE),
	MEMBER("totalCoins", WHOLE, .help = "What all users can spend"),
	MEMBER("totalPaymentAmount", MONEY, .help = "Dollars of completed payments",
	       .example = "35.5"),
	MEMBER("reversedCoins", WHOLE, .help = "Of payments that went back: taken back, or owed"),
	MEMBER("owedCoins", WHOLE, .help = "What all users owe now"),
	MEMBER("pendingWithdrawals", WHOLE),
	MEMBER("pendingReviews", WHOLE,
	       .help = "The same number, under the name that the front end reads"),
	MEMBER("completionRate", MONEY, .help = "Approved work of all reviewed, in percent",
	       .example = "66.67"),
	MEMBER("weeklyGrowth", MONEY,
	       .help = "New users of the last 7 days against the 7 before, in percent",
	       .example = "-12.5"),
	MEMBER("platformGrowth", MONEY, .help = "The same over 30 days", .example = "100"),
	MEMBER("monthlyActiveUsers", WHOLE, .help = "Users who logged in within 30 days"),
};
static const struct view stats_view = VIEW_OF("Stats", stats_rows);

/* Percentages have two decimals at most, as money has. */
static void stats_write(struct json *json, const struct stats *stats)
{
	json_int(json, "totalWorkers", stats->workers);
	json_int(json, "totalBuyers", stats->buyers);
	json_int(json, "totalAdmins", stats->admins);
	json_int(json, "totalTasks", stats->tasks);
	json_int(json, "activeTasks", stats->active_tasks);
	json_int(json, "totalSubmissions", stats->submissions);
	json_int(json, "pendingSubmissions", stats->pending_submissions);
	json_int(json, "totalCoins", stats->coins);
	json_cents(json, "totalPaymentAmount", stats->payments);
	json_int(json, "reversedCoins", stats->reversed_coins);
	json_int(json, "owedCoins", stats->owed_coins);
	json_int(json, "pendingWithdrawals", stats->pending_withdrawals);
	json_int(json, "pendingReviews", stats->pending_withdrawals);
	json_cents(json, "completionRate", stats->completion_rate);
	json_cents(json, "weeklyGrowth", stats->weekly_growth);
	json_cents(json, "platformGrowth", stats->platform_growth);
	json_int(json, "monthlyActiveUsers", stats->monthly_active);
}

static enum err admin_stats(struct request *rq)
{
	struct stats stats;
	enum err err = stats_read(call_of(rq), &stats);

	if (err == OK)
		stats_write(respond(rq), &stats);
	return err;
}

static const struct route rows[] = {
	{ GET, "/admin/stats", ACCESS_ADMIN, .handler = admin_stats, .view = &stats_view,
	  .summary = "Users, tasks, submissions and coins in numbers" },
};
const struct routes stats_routes = ROUTES_OF(rows);
