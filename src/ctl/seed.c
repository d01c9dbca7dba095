#include "ctl/seed.h"

#include "base/memory.h"
#include "ctl/seed_private.h"
#include "store/doc.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH_USERS = 1000, BATCH_TASKS = 250 };

/* ---- batches ---- */

static enum err flush(struct seeding *seeding)
{
	enum err err = OK;

	for (enum collection in = 0; in < COLLECTION_COUNT && err == OK; in++) {
		struct bulk *bulk = &seeding->bulks[in];

		if (bulk->count)
			err = db_insert_many(seeding->db, seeding->arena, in, bulk->docs,
					     bulk->count);
		bulk->count = 0;
	}
	arena_reset(seeding->arena);
	return err;
}

/* ---- all ---- */

static int64_t at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

static enum err users_add(struct seeding *seeding)
{
	int64_t users = 1 + seeding->buyers + seeding->workers;
	enum err err = OK;

	for (int64_t user = 0; user < users && err == OK; user++) {
		seed_add_user(seeding, user);
		if (user % BATCH_USERS == BATCH_USERS - 1 || user == users - 1)
			err = flush(seeding);
	}
	if (err == OK)
		printf("Demo data  %lld workers, %lld buyers and an admin\n",
		       (long long)seeding->workers, (long long)seeding->buyers);
	return err;
}

static enum err tasks_add(struct seeding *seeding)
{
	int64_t step = at_least(seeding->tasks / 10, BATCH_TASKS);
	enum err err = OK;

	for (int64_t task = 0; task < seeding->tasks && err == OK; task++) {
		seed_add_task(seeding, task);
		if (task % BATCH_TASKS == BATCH_TASKS - 1 || task == seeding->tasks - 1)
			err = flush(seeding);
		if (err == OK && (task % step == step - 1 || task == seeding->tasks - 1))
			printf("Demo data  %lld of %lld tasks with their submissions\n",
			       (long long)task + 1, (long long)seeding->tasks);
	}
	return err;
}

/* ---- once ---- */

/* Another user's address would keep ours out, and its coins out of the books. */
static enum err domain_is_free(struct seeding *seeding, char problem[256])
{
	struct id first = seed_id(KIND_USER, 0), last = seed_id(KIND_USER, SEED_NUMBERS - 1);
	const bson_t *taken;
	enum err err = db_find_one(
		seeding->db, seeding->arena, USERS,
		DOC(seeding->arena, PAIR("email_key", BCON_REGEX("@demo\\.example$", "")),
		    SUB("_id", SUB("$not", ID("$gte", &first), ID("$lte", &last)))),
		DOC(seeding->arena, INT("_id", 1)), &taken);

	if (err != OK || !taken)
		return err;
	snprintf(problem, 256,
		 "A user who is not of the demo data has an address @%s: remove that user first.",
		 SEED_DOMAIN);
	return ERR_CONFLICT;
}

/* What an earlier run wrote down; false when there was none. */
static bool plan_take(struct seeding *seeding, const bson_t *marker)
{
	if (!marker)
		return false;
	seeding->tasks = doc_whole(marker, "scale", SEED_TASKS);
	seeding->now = doc_date(marker, "now", 0);
	seeding->finished = doc_bool(marker, "finished", false);
	seeding->buyers = at_least(seeding->tasks / 100, 3);
	seeding->workers = at_least(seeding->tasks / 20, 6);
	return true;
}

static enum err plan_write(struct seeding *seeding, const struct seed_order *order)
{
	struct arena *arena = seeding->arena;
	int64_t scale = order->scale > 0 ? order->scale : SEED_TASKS;
	const bson_t *plan =
		DOC(arena, TEXT("_id", "demo"), WHOLE("scale", scale), DATE("now", order->now));

	return db_insert_many(seeding->db, arena, META, &plan, 1);
}

/* The first run says what is to be made; one that was cut off is finished as it was begun. */
static enum err begin(struct seeding *seeding, const struct seed_order *order, char problem[256])
{
	struct arena *arena = seeding->arena;
	bson_t *id = DOC(arena, TEXT("_id", "demo"));
	const bson_t *marker;
	enum err err = db_find_one(seeding->db, arena, META, id, NULL, &marker);

	if (err != OK || plan_take(seeding, marker))
		return err;
	err = domain_is_free(seeding, problem);
	if (err == OK)
		err = plan_write(seeding, order);
	if (err == OK)
		err = db_find_one(seeding->db, arena, META, id, NULL, &marker);
	if (err == OK && !plan_take(seeding, marker))
		err = ERR_UNAVAILABLE;
	return err;
}

static enum err finish(struct seeding *seeding)
{
	struct arena *arena = seeding->arena;

	return db_update_many(seeding->db, arena, META, DOC(arena, TEXT("_id", "demo")),
			      DOC(arena, SUB("$set", BOOL("finished", true))), NULL);
}

static enum err seed_all(struct seeding *seeding)
{
	int64_t users = 1 + seeding->buyers + seeding->workers;
	enum err err = OK;

	if (!password_hash(SEED_PASSWORD, seeding->hash))
		return ERR_INTERNAL;
	seeding->tallies = memory_new((size_t)users * sizeof *seeding->tallies);
	seed_tally(seeding);
	err = users_add(seeding);
	if (err == OK)
		err = tasks_add(seeding);
	if (err == OK)
		err = finish(seeding);
	free(seeding->tallies);
	return err;
}

static enum err seed_once(struct seeding *seeding, const struct seed_order *order,
			  char problem[256])
{
	enum err err = begin(seeding, order, problem);

	if (err != OK || !seeding->finished)
		return err == OK ? seed_all(seeding) : err;
	printf("Demo data  is there already\n");
	return OK;
}

enum err seed_demo(struct db *db, const struct seed_order *order, char problem[256])
{
	problem[0] = '\0';
	if (order->production && !order->force) {
		snprintf(problem, 256,
			 "Everybody knows the demo accounts' password, and this is production: "
			 "give --force if you mean it.");
		return ERR_FORBIDDEN;
	}
	struct seeding *seeding = memory_new(sizeof *seeding);

	seeding->db = db;
	seeding->arena = arena_new();
	enum err err = seed_once(seeding, order, problem);
	arena_free(seeding->arena);
	free(seeding);
	return err;
}
