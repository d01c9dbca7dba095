#include "migrate/adoption.h"

#include "base/clock.h"
#include "base/count.h"
#include "migrate/adoption_private.h"

#include <stdlib.h>

/*
 * Each needs only what those before it have finished, and what none of them changes:
 *
 * submissions    tasks as the older server left them: the pending that stay are known after this
 * tasks          the pending submissions that stay
 * withdrawals
 * users          their withdrawals; tasks and submissions, for the counters
 */
static const struct pass *const order_of_work[] = {
	&submissions_pass, &tasks_pass,	   &withdrawals_pass,
	&users_pass,	   &payments_pass, &notifications_pass,
};

static enum err passes_run(struct adoption *adoption)
{
	enum err err = people_read(adoption);

	for (size_t i = 0; i < COUNT_OF(order_of_work) && err == OK; i++)
		err = pass_run(adoption, order_of_work[i]);
	return err;
}

static enum err work(struct adoption *adoption)
{
	sem_init(&adoption->places, 0, ADOPTION_THREADS);
	pthread_mutex_init(&adoption->lock, NULL);
	pthread_attr_init(&adoption->detached);
	pthread_attr_setdetachstate(&adoption->detached, PTHREAD_CREATE_DETACHED);
	enum err err = passes_run(adoption);
	report_print(&adoption->report, adoption->order->report);
	pthread_attr_destroy(&adoption->detached);
	pthread_mutex_destroy(&adoption->lock);
	sem_destroy(&adoption->places);
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
	people_free(&adoption->people);
	arena_free(adoption->arena);
	free(adoption);
	return err;
}
