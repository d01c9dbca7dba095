#include "market/full_tasks.h"

#include "market/status.h"

#include <inttypes.h>

enum err full_tasks_note(struct db *db, struct arena *arena)
{
	return db_update_many(
		db, arena, TASKS,
		DOC(arena, STATUS(ACTIVE), NOT_FULL, SUB("required_workers", INT("$lte", 0))),
		DOC(arena, SUB("$set", BOOL("full", true))), NULL);
}

static enum err freed_find(struct db *db, struct arena *arena, bool dry_run, int64_t *freed)
{
	bson_t *filter = DOC(arena, STATUS(ACTIVE), BOOL("full", true),
			     SUB("required_workers", INT("$gt", 0)));

	if (dry_run)
		return db_count(db, arena, TASKS, filter, 0, freed);
	return db_update_many(db, arena, TASKS, filter, DOC(arena, SLOTS_ARE_ADDED), freed);
}

enum err full_tasks_free(struct db *db, bool dry_run, FILE *report, int64_t *freed)
{
	struct arena *arena = arena_new();
	enum err err = freed_find(db, arena, dry_run, freed);

	if (err == OK && *freed)
		fprintf(report, "tasks: %" PRId64 " with new slots %s listed again\n", *freed,
			dry_run ? "to be" : "are");
	arena_free(arena);
	return err;
}
