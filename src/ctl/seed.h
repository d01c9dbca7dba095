/*
 * Demo data: users, tasks and submissions for trying the service out, or measuring it.
 *
 * Each record, its id too, follows from its number. So a run that was cut off is finished by the next, and once a run
 * has finished, later ones do nothing. The books balance when it is done, but not while it runs.
 */
#ifndef CTL_SEED_H
#define CTL_SEED_H

#include "store/store.h"

#define SEED_TASKS 12
#define SEED_TASKS_MAX 1000000

/* Accounts to log in with: worker@, buyer@ and admin@ at this domain. */
#define SEED_DOMAIN "demo.example"
#define SEED_PASSWORD "demo-pass-1"

struct seed_order {
	int64_t scale; /* tasks, up to SEED_TASKS_MAX; 0: SEED_TASKS. Users and submissions grow with them */
	int64_t now;
	bool production; /* then it refuses, as everybody knows the password, … */
	bool force; /* … unless this is set */
};

/*
 * Adds the demo data unless it is there, and prints a line for each step. ERR_FORBIDDEN in production; ERR_CONFLICT
 * when somebody else has an address at SEED_DOMAIN. problem has a sentence then.
 */
enum err seed_demo(struct db *db, const struct seed_order *order, char problem[256]);

#endif
