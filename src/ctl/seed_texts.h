/* The texts of the demo data: names, tasks, work and reasons, chosen by number. */
#ifndef CTL_SEED_TEXTS_H
#define CTL_SEED_TEXTS_H

#include "base/arena.h"

#include <stdint.h>

struct seed_task {
	const char *title, *category, *detail, *submission_info;
	int64_t price;
};

/* The index-th kind of task. After the last the first comes again. */
const struct seed_task *seed_task(int64_t index);
/* Its title, which differs in each round. */
const char *seed_title(struct arena *arena, int64_t index);

/* "Mia Tanaka", and "mia.tanaka", which differs for each number. */
const char *seed_name(struct arena *arena, int64_t number);
const char *seed_mailbox(struct arena *arena, int64_t number);

/* What a worker handed in, and why a buyer rejected it. */
const char *seed_work(int64_t index);
const char *seed_reason(int64_t index);

#endif
