/* The commands by which steps are sent to MongoDB: one for several steps of a kind, where they may travel together. */
#ifndef STORE_STEP_COMMANDS_H
#define STORE_STEP_COMMANDS_H

#include "store/txn.h"

/* A step, whose it is, and where among those that run at once. */
struct item {
	struct txn *txn;
	struct step *step;
	size_t place;
	uint64_t touched; /* of those in lock step: see touches.h */
};

/* How many of the items, from the first on, travel in one command. */
size_t items_together(const struct item *items, size_t count);

/* The command for these. */
bson_t *items_command(struct arena *arena, const struct item *items, size_t count);

/* The command that reads the documents of several updates. */
bson_t *images_command(struct arena *arena, const struct item *items, size_t count);

/* A look whether anything matches: at most one document, its _id alone. */
bson_t *look_command(struct arena *arena, enum collection in, const bson_t *filter);

#endif
