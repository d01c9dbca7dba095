/*
 * Gathering by name: only those who want the same thing go together, and wait for nobody else.
 *
 * A name has a gather (gather.h) as long as somebody wants it. So there are never more of them than threads, and
 * nothing is left of a name afterwards.
 */
#ifndef STORE_GATHERS_H
#define STORE_GATHERS_H

#include "store/gather.h"

struct gathers;

/* One group of a name is away at a time. */
struct gathers *gathers_new(gather_work work);
/* No thread may use it any more. NULL is fine. */
void gathers_free(struct gathers *gathers);

/* As gather_join(), with those who gave the same name. */
void gathers_join(struct gathers *gathers, const char *name, void *member, void *context);

/* How many members, of all names, wait for their group to leave. */
size_t gathers_waiting(struct gathers *gathers);

#endif
