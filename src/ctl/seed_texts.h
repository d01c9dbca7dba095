/* What the demo data says: names, tasks, work and reasons, picked by number. */
#ifndef CTL_SEED_TEXTS_H
#define CTL_SEED_TEXTS_H

#include "base/arena.h"

#include <stdint.h>

struct seed_task {
	const char *title, *category, *detail, *submission_info;
	int64_t price;
};

/* The index-th kind of task; they come round again after some. */
const struct seed_task *seed_task(int64_t index);
/* Its title, told apart from the earlier rounds'. */
const char *seed_title(struct arena *arena, int64_t index);

/* "Mia Tanaka", and "mia.tanaka": the latter differs from that of every other number. */
const char *seed_name(struct arena *arena, int64_t number);
const char *seed_mailbox(struct arena *arena, int64_t number);

/* What a worker handed in, and why a buyer rejected it. */
const char *seed_work(int64_t index);
const char *seed_reason(int64_t index);

#endif
