/*
 * Demo data: people, tasks and work to try the service with, or to measure it with.
 *
 * Everything follows from its number, ids too, so a run that was cut off is finished by the next, and one that finished
 * makes every later one do nothing. The books are balanced when it is done, not while it runs.
 */
#ifndef CTL_SEED_H
#define CTL_SEED_H

#include "market/market.h"

#include <stdio.h>

#define SEED_TASKS 12
#define SEED_TASKS_MAX 1000000

/* What to log in with: worker@, buyer@ and admin@ this domain. */
#define SEED_DOMAIN "demo.example"
#define SEED_PASSWORD "demo-pass-1"

struct seed_order {
	int64_t scale; /* tasks; 0: SEED_TASKS. Users and submissions grow with them */
	int64_t now;
	bool production; /* refuses, as everybody knows the password … */
	bool force; /* … unless this is set */
	FILE *progress; /* a line per step, for a person; may be NULL */
};

/*
 * Adds the demo data unless it is there. ERR_FORBIDDEN in production, ERR_CONFLICT when another user has an address of
 * the demo's domain; problem then holds a sentence.
 */
enum err seed_demo(struct db *db, const struct seed_order *order, char problem[256]);

#endif
