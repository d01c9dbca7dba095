#include "market/adoption.h"

#include "base/clock.h"
#include "base/count.h"
#include "market/adoption_private.h"

#include <stdlib.h>

/*
 * Each needs only what those before it have finished, and what none of them changes:
 *
 * users' e-mails    nothing
 * submissions       e-mails; tasks as the older server left them: the pending that stay are known after this
 * tasks             the pending submissions that stay
 * withdrawals       e-mails: whose they are
 * users             their withdrawals; tasks and submissions, for the counters
 * the rest          e-mails; submissions as they stay
 */
static const struct {
	const struct pass *pass; /* or */
	enum err (*keys)(struct adoption *adoption);
} order_of_work[] = {
	{ .keys = email_keys },		 { .pass = &submissions_pass },
	{ .pass = &tasks_pass },	 { .pass = &withdrawals_pass },
	{ .pass = &users_pass },	 { .pass = &payments_pass },
	{ .pass = &notifications_pass }, { .keys = slot_keys },
	{ .keys = transaction_keys },
};

static void threads_open(struct adoption *adoption)
{
	for (size_t i = 0; i < ADOPTION_THREADS && !adoption->order->dry_run; i++) {
		struct db *db = db_open(adoption->order->store);

		if (db)
			adoption->threads[adoption->thread_count++] = db;
	}
}

enum err market_adopt(const struct adoption_order *order)
{
	struct adoption *adoption = calloc(1, sizeof *adoption);
	enum err err = OK;

	if (!adoption)
		abort();
	adoption->order = order;
	adoption->now = clock_now();
	adoption->told = clock_steady();
	threads_open(adoption);
	for (size_t i = 0; i < COUNT_OF(order_of_work) && err == OK; i++)
		err = order_of_work[i].keys ? order_of_work[i].keys(adoption) :
					      pass_run(adoption, order_of_work[i].pass);
	report_print(&adoption->report, order->report);
	for (size_t i = 0; i < adoption->thread_count; i++)
		db_close(adoption->threads[i]);
	free(adoption);
	return err;
}
