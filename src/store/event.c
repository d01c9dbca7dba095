#include "store/event.h"

#include "store/doc.h"
#include "store/mark.h"

#include <string.h>

void event_start(struct event *event, struct arena *arena)
{
	memset(event, 0, sizeof *event);
	event->arena = arena;
}

static struct step *step_add(struct event *event, enum collection in, enum err otherwise)
{
	event->steps = arena_grow(event->arena, event->steps, event->count, &event->room,
				  sizeof *event->steps);
	struct step *step = &event->steps[event->count++];
	memset(step, 0, sizeof *step);
	step->in = in;
	step->otherwise = otherwise;
	return step;
}

void event_update(struct event *event, enum collection in, const bson_t *filter,
		  const bson_t *change, enum err otherwise)
{
	struct step *step = step_add(event, in, otherwise);

	step->kind = STEP_UPDATE;
	step->filter = mark_ask(event->arena, in, filter);
	step->of_any = filter;
	step->change = change;
}

void event_update_before(struct event *event, enum collection in, const bson_t *filter,
			 const bson_t *change, enum err otherwise)
{
	event_update(event, in, filter, change, otherwise);
	event->steps[event->count - 1].read = READ_BEFORE;
}

void event_update_after(struct event *event, enum collection in, const bson_t *filter,
			const bson_t *change, enum err otherwise)
{
	event_update(event, in, filter, change, otherwise);
	event->steps[event->count - 1].read = READ_AFTER;
}

void event_insert(struct event *event, enum collection in, const bson_t *doc, enum err otherwise)
{
	struct step *step = step_add(event, in, otherwise);

	step->kind = STEP_INSERT;
	step->doc = mark_add(event->arena, in, doc);
}

void event_remove(struct event *event, enum collection in, const bson_t *filter, enum err otherwise)
{
	struct step *step = step_add(event, in, otherwise);

	step->kind = STEP_REMOVE;
	step->filter = mark_ask(event->arena, in, filter);
	step->of_any = filter;
}

void event_absent(struct event *event, enum collection in, const bson_t *filter, enum err otherwise)
{
	struct step *step = step_add(event, in, otherwise);

	step->kind = STEP_ABSENT;
	step->filter = filter;
}

void event_of_any(struct event *event)
{
	struct step *step = &event->steps[event->count - 1];

	step->filter = step->of_any;
}

const bson_t *event_found(const struct event *event, enum collection in)
{
	for (size_t i = event->count; i-- > 0;)
		if (event->steps[i].in == in && event->steps[i].found)
			return event->steps[i].found;
	return NULL;
}

const bson_t *event_inserted(const struct event *event, enum collection in)
{
	for (size_t i = 0; i < event->count; i++)
		if (event->steps[i].in == in && event->steps[i].kind == STEP_INSERT)
			return event->steps[i].doc;
	return NULL;
}

/* Did a guard fail because the record, which its filter names by its id, lacks the mark? */
static bool met_unmarked(struct db *db, const struct event *event)
{
	const struct step *missed = event->missed;
	const bson_t *found = NULL;
	struct id id;

	if (!missed || missed->filter == missed->of_any || !doc_id(missed->of_any, "_id", &id))
		return false;
	bson_t *filter = DOC(event->arena, "_id", BCON_ID(&id), MARK, BCON_NULL);
	return db_find_one(db, event->arena, missed->in, filter, NULL, &found) == OK && found;
}

enum err event_carry_out(struct db *db, struct arena *arena,
			 enum err (*build)(void *context, struct event *event), void *context)
{
	enum err err = OK;

	for (int tries = 0; tries < CARRY_OUT_TRIES; tries++) {
		struct event *event = arena_alloc(arena, sizeof *event);

		event_start(event, arena);
		err = build(context, event);
		if (err != OK)
			return err;
		err = store_commit(db, event);
		if (err == OK || err == ERR_UNAVAILABLE || err == ERR_INTERNAL ||
		    err == ERR_NOT_ADOPTED)
			return err;
		if (met_unmarked(db, event))
			return ERR_NOT_ADOPTED;
		/* what the guard met may not have been confirmed yet, and reads do not see it before */
		if (db_confirm(db) != OK)
			return ERR_UNAVAILABLE;
	}
	return err;
}
