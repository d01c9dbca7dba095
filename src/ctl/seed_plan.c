#include "ctl/seed_private.h"

#include "base/clock.h"
#include "base/count.h"

/* They come round in this order, so the first twelve tasks show them all. */
/* clang-format off */
static const struct shape shapes[] = {
	/* open, approved, rejected, pending, fate, days, whole_day */
	{  8, 0, 0, 2, OPEN,       9, false },
	{ 20, 0, 0, 0, OPEN,      14, false },
	{  5, 1, 1, 0, OPEN,       6, false },
	{  1, 3, 0, 1, OPEN,       4, false },
	{ 12, 0, 0, 3, OPEN,      21, true },
	{  3, 1, 1, 1, OPEN,      11, false },
	{  0, 3, 0, 0, COMPLETED,  7, false },
	{  6, 1, 0, 0, CANCELLED, 10, false },
	{  0, 0, 0, 2, OPEN,       5, false },
	{  4, 1, 0, 1, EXPIRED,    0, false },
	{ 15, 1, 0, 0, OPEN,      18, true },
	{  2, 0, 1, 1, OPEN,       3, false },
};
/* clang-format on */

struct id seed_id(enum kind kind, int64_t number)
{
	struct id id = { .bytes = { 'd', 'e', 'm', 'o', (uint8_t)kind } };

	for (size_t i = sizeof id.bytes; number; number >>= 8)
		id.bytes[--i] = (uint8_t)(number & 0xff);
	return id;
}

int64_t seed_worker(const struct seeding *seeding, int64_t task, int64_t work)
{
	return 1 + seeding->buyers + (task * 5 + work) % seeding->workers;
}

int64_t seed_buyer(const struct seeding *seeding, int64_t task)
{
	return 1 + task % seeding->buyers;
}

bool seed_is_buyer(const struct seeding *seeding, int64_t user)
{
	return user >= 1 && user <= seeding->buyers;
}

int seed_works(const struct shape *shape)
{
	return shape->approved + shape->rejected + shape->pending;
}

const struct shape *seed_shape(int64_t task)
{
	return &shapes[task % (int64_t)(COUNT_OF(shapes))];
}

const char *seed_email(struct seeding *seeding, int64_t user)
{
	const char *mailbox = user == 0			  ? "admin" :
			      user == 1			  ? "buyer" :
			      user == 1 + seeding->buyers ? "worker" :
							    seed_mailbox(seeding->arena, user);

	return arena_printf(seeding->arena, "%s@%s", mailbox, SEED_DOMAIN);
}

/* The tasks of twenty days, the last an hour ago and more. */
int64_t seed_created_at(const struct seeding *seeding, int64_t task)
{
	return seeding->now - 60 * CLOCK_MINUTE -
	       20 * CLOCK_DAY / seeding->tasks * (seeding->tasks - task);
}

void seed_tally(struct seeding *seeding)
{
	for (int64_t task = 0; task < seeding->tasks; task++) {
		const struct shape *shape = seed_shape(task);
		struct tally *buyer = &seeding->tallies[seed_buyer(seeding, task)];
		int64_t price = seed_task(task)->price;
		int kept = shape->fate == OPEN ? shape->open : 0;

		buyer->coins -= (kept + shape->approved + shape->pending) * price;
		buyer->open_tasks += shape->fate == OPEN || shape->fate == EXPIRED;
		for (int work = 0; work < seed_works(shape); work++) {
			struct tally *worker = &seeding->tallies[seed_worker(seeding, task, work)];

			worker->coins += work < shape->approved ? price : 0;
			worker->pending += work >= shape->approved + shape->rejected;
		}
	}
}
