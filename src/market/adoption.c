#include "market/adoption.h"

#include "base/clock.h"
#include "base/count.h"
#include "market/adoption_private.h"

#include <stdlib.h>

/*
 * Each needs only what those before it have finished, and what none of them changes:
 *
 * twins of a key    nothing; the second of them goes without
 * users' e-mails    their twins; owners are found by them
 * submissions       e-mails; tasks as the older server left them: the pending that stay are known after this
 * tasks             the pending submissions that stay
 * withdrawals       e-mails: whose they are
 * users             their withdrawals; tasks and submissions, for the counters
 * the rest          e-mails
 */
static const struct {
	const struct pass *pass; /* or */
	enum err (*twins)(struct adoption *adoption);
} order_of_work[] = {
	{ .twins = email_twins },	 { .pass = &email_pass },	{ .twins = slot_twins },
	{ .twins = transaction_twins },	 { .pass = &submissions_pass }, { .pass = &tasks_pass },
	{ .pass = &withdrawals_pass },	 { .pass = &users_pass },	{ .pass = &payments_pass },
	{ .pass = &notifications_pass },
};

static void threads_open(struct adoption *adoption)
{
	for (size_t i = 0; i < ADOPTION_THREADS && !adoption->order->dry_run; i++) {
		struct db *db = db_open(adoption->order->store);

		if (db)
			adoption->threads[adoption->thread_count++] = db;
	}
}

static enum err work(struct adoption *adoption)
{
	enum err err = OK;

	threads_open(adoption);
	for (size_t i = 0; i < COUNT_OF(order_of_work) && err == OK; i++)
		err = order_of_work[i].twins ? order_of_work[i].twins(adoption) :
					       pass_run(adoption, order_of_work[i].pass);
	report_print(&adoption->report, adoption->order->report);
	for (size_t i = 0; i < adoption->thread_count; i++)
		db_close(adoption->threads[i]);
	return err;
}

enum err market_adopt(const struct adoption_order *order, int64_t *adopted)
{
	struct adoption *adoption = calloc(1, sizeof *adoption);
	bool any = false;

	if (!adoption)
		abort();
	adoption->order = order;
	adoption->arena = arena_new();
	adoption->now = clock_now();
	adoption->told = clock_steady();
	enum err err = late_look(adoption, &any);
	if (err == OK && any)
		err = work(adoption);
	*adopted = 0;
	for (int in = 0; in < MARKED_COUNT; in++)
		*adopted += adoption->report.records[in];
	arena_free(adoption->arena);
	free(adoption);
	return err;
}
