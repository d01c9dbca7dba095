#include "market/stats.h"

#include "base/clock.h"
#include "base/count.h"
#include "market/status.h"
#include "store/cached_total.h"
#include "store/doc.h"

#include <string.h>

/* How long all numbers together are waited for while they are computed: less than nginx waits for a call. */
enum { FRESH_MAX = 100000, WAIT_MS = 10000, WEEK = 7, MONTH = 30 };

/* ---- percentages ---- */

enum { WHOLE = 100 * 100 /* hundredths of a percent */ };

int64_t stats_share(int64_t part, int64_t whole)
{
	if (whole <= 0)
		return 0;
	int64_t half = part < 0 ? -whole / 2 : whole / 2;
	return (part * WHOLE + half) / whole;
}

int64_t stats_growth(int64_t before, int64_t now)
{
	return before > 0 ? stats_share(now - before, before) : 0;
}

/* ---- counting ---- */

/*
 * Numbers over large collections are computed in the background: all are ordered first, then waited for. The first
 * error ends the survey; it is asked for once, at the end.
 */
struct survey {
	struct call *call;
	bool large[COLLECTION_COUNT]; /* too large to be counted at each call */
	bool ordering;
	int64_t asked_at; /* steady milliseconds */
	enum err err;
};

/* The server keeps this number itself; a crash may leave it a little wrong, so it only tells what is large. */
static void sizes_read(struct survey *survey)
{
	static const enum collection counted[] = { USERS, TASKS, SUBMISSIONS, WITHDRAWALS,
						   PAYMENTS };
	struct call *call = survey->call;
	int64_t size = 0;

	for (size_t i = 0; i < COUNT_OF(counted) && survey->err == OK; i++) {
		survey->err = db_count(call->db, call->arena, counted[i], DOC(call->arena, NULL), 0,
				       &size);
		survey->large[counted[i]] = size > FRESH_MAX;
	}
}

/* Counts, or with an accumulator adds up. */
static int64_t total(struct survey *survey, enum collection in, const char *name,
		     const bson_t *filter, const bson_t *sum)
{
	struct call *call = survey->call;
	const bson_t *pipeline = sum ? PIPELINE(call->arena, ITEM(PART("$match", filter)),
						STAGE("$group", NONE("_id"), PART("n", sum))) :
				       NULL;
	const struct total total = {
		.name = arena_printf(call->arena, "stats|%s|%s", collection_name(in), name),
		.in = in,
		.filter = filter,
		.pipeline = pipeline,
	};
	int64_t value = 0;

	if (survey->err != OK)
		return 0;
	if (survey->ordering && survey->large[in])
		cached_total_order(call->db, &total, survey->asked_at);
	else if (survey->large[in])
		survey->err = cached_total_wait(call->db, &total, survey->asked_at,
						survey->asked_at + WAIT_MS, &value);
	else if (!survey->ordering)
		survey->err = total_now(call->db, call->arena, &total, &value);
	return value;
}

/* Every record there is, whatever the field says or whether it is there: answered from the field's index alone. */
static bson_t *all_by(struct arena *arena, const char *field)
{
	return DOC(arena, SUB(field, PAIR("$gte", BCON_MINKEY)));
}

static int64_t count_all(struct survey *survey, enum collection in)
{
	return total(survey, in, "all", all_by(survey->call->arena, "_id"), NULL);
}

static int64_t count_status(struct survey *survey, enum collection in, enum status status)
{
	const char *name = status_name(status);

	return total(survey, in, name, DOC(survey->call->arena, TEXT("status", name)), NULL);
}

/* ---- users ---- */

/* Users of a role, or with a date after the one and not after the other. */
struct user_number {
	const char *role, *date;
	int64_t after, until, count;
};

enum { WORKERS, BUYERS, ADMINS, WEEK_BEFORE, WEEK_NOW, MONTH_BEFORE, MONTH_NOW, ACTIVE, NUMBERS };

static struct user_number between(const struct call *call, const char *date, int64_t from_days_ago,
				  int64_t to_days_ago)
{
	return (struct user_number){ .date = date,
				     .after = call->now - from_days_ago * CLOCK_DAY,
				     .until = call->now - to_days_ago * CLOCK_DAY };
}

static void numbers_name(const struct call *call, struct user_number numbers[NUMBERS])
{
	numbers[WORKERS] = (struct user_number){ .role = role_name(ROLE_WORKER) };
	numbers[BUYERS] = (struct user_number){ .role = role_name(ROLE_BUYER) };
	numbers[ADMINS] = (struct user_number){ .role = role_name(ROLE_ADMIN) };
	numbers[WEEK_BEFORE] = between(call, "createdAt", 2 * WEEK, WEEK);
	numbers[WEEK_NOW] = between(call, "createdAt", WEEK, 0);
	numbers[MONTH_BEFORE] = between(call, "createdAt", 2 * MONTH, MONTH);
	numbers[MONTH_NOW] = between(call, "createdAt", MONTH, 0);
	numbers[ACTIVE] = between(call, "lastLogin", MONTH, 0);
}

static int64_t number_count(struct survey *survey, const struct user_number *number, int which)
{
	struct arena *arena = survey->call->arena;
	bson_t *filter = number->role ? DOC(arena, TEXT("role", number->role)) :
					DOC(arena, SUB(number->date, DATE("$gt", number->after),
						       DATE("$lte", number->until)));

	return total(survey, USERS, arena_printf(arena, "%d", which), filter, NULL);
}

static bool number_counts(const struct user_number *number, const bson_t *user)
{
	const char *role = doc_text(user, "role");

	if (number->role)
		return role && !strcmp(role, number->role);
	int64_t at = doc_date(user, number->date, INT64_MIN);
	return at > number->after && at <= number->until;
}

/* An index counts without a look at the users, and those on their way out are few: they are taken off afterwards. */
static bool closing_take(void *context, const bson_t *user)
{
	struct user_number *numbers = context;

	for (int i = 0; i < NUMBERS; i++)
		if (numbers[i].count > 0 && number_counts(&numbers[i], user))
			numbers[i].count--;
	return true;
}

static void users_read(struct survey *survey, struct stats *stats)
{
	struct call *call = survey->call;
	struct user_number numbers[NUMBERS];

	numbers_name(call, numbers);
	for (int i = 0; i < NUMBERS; i++)
		numbers[i].count = number_count(survey, &numbers[i], i);
	if (survey->err == OK && !survey->ordering)
		survey->err = db_each(call->db, USERS, DOC(call->arena, BOOL("closing", true)),
				      NULL, closing_take, numbers);
	stats->workers = numbers[WORKERS].count;
	stats->buyers = numbers[BUYERS].count;
	stats->admins = numbers[ADMINS].count;
	stats->weekly_growth = stats_growth(numbers[WEEK_BEFORE].count, numbers[WEEK_NOW].count);
	stats->platform_growth =
		stats_growth(numbers[MONTH_BEFORE].count, numbers[MONTH_NOW].count);
	stats->monthly_active = numbers[ACTIVE].count;
	stats->coins = total(survey, USERS, "coins", all_by(call->arena, "role"),
			     DOC(call->arena, TEXT("$sum", "$coins")));
}

/* ---- all of it ---- */

/* Dollars, from the field's older name where need be, summed as whole cents. */
static int64_t payments_sum(struct survey *survey)
{
	struct arena *arena = survey->call->arena;
	bson_t *dollars = DOC(
		arena, SUB("$convert",
			   SUB("input", LIST("$ifNull", BCON_UTF8("$price"), BCON_UTF8("$amount"))),
			   TEXT("to", "double"), INT("onError", 0), INT("onNull", 0)));
	bson_t *cents =
		DOC(arena,
		    LIST("$round", ITEM(LIST("$multiply", BCON_DOCUMENT(dollars), BCON_INT32(100))),
			 BCON_INT32(0)));

	return total(survey, PAYMENTS, "completed", DOC(arena, STATUS(COMPLETED)),
		     DOC(arena, PART("$sum", cents)));
}

/* Of the records with some of it, which an index holds. */
static int64_t sum_of(struct survey *survey, enum collection in, const char *field)
{
	struct arena *arena = survey->call->arena;

	return total(survey, in, field, DOC(arena, SUB(field, INT("$gt", 0))),
		     DOC(arena, TEXT("$sum", arena_printf(arena, "$%s", field))));
}

static void numbers_read(struct survey *survey, struct stats *stats)
{
	int64_t approved = count_status(survey, SUBMISSIONS, STATUS_APPROVED);
	int64_t rejected = count_status(survey, SUBMISSIONS, STATUS_REJECTED);

	users_read(survey, stats);
	stats->tasks = count_all(survey, TASKS);
	stats->active_tasks = count_status(survey, TASKS, STATUS_ACTIVE);
	stats->submissions = count_all(survey, SUBMISSIONS);
	stats->pending_submissions = count_status(survey, SUBMISSIONS, STATUS_PENDING);
	stats->completion_rate = stats_share(approved, approved + rejected);
	stats->payments = payments_sum(survey);
	stats->reversed_coins = sum_of(survey, PAYMENTS, "reversed_coins");
	stats->owed_coins = sum_of(survey, USERS, "owed_coins");
	stats->pending_withdrawals = count_status(survey, WITHDRAWALS, STATUS_PENDING);
}

enum err stats_read(struct call *call, struct stats *stats)
{
	struct survey survey = { .call = call, .ordering = true, .asked_at = clock_steady() };

	sizes_read(&survey);
	numbers_read(&survey, stats);
	survey.ordering = false;
	numbers_read(&survey, stats);
	return survey.err;
}
