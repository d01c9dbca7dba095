#include "market/search_renewal.h"

#include "base/count.h"
#include "market/users.h"
#include "market/words.h"
#include "store/doc.h"

#include <inttypes.h>

enum { RECORDS_AT_ONCE = 500 };

/* What a collection's records are found by, and how that is made of them. */
struct source {
	enum collection in;
	const char *first, *second; /* texts */
	void (*make)(struct arena *arena, bson_t *set, const char *first, const char *second);
};

static const struct source sources[] = {
	{ TASKS, "task_title", "task_detail", words_set },
	{ USERS, "name", "email", user_search_set },
};

struct renewal {
	const struct source *source;
	struct db *db;
	struct arena *arena; /* of the records at hand */
	struct db_update updates[RECORDS_AT_ONCE];
	size_t count;
	int64_t renewed;
	enum err err;
};

static bool flush(struct renewal *renewal)
{
	int64_t matched, taken;

	renewal->err = db_update_bulk(renewal->db, renewal->arena, renewal->source->in,
				      renewal->updates, renewal->count, &matched, &taken);
	renewal->renewed += matched;
	renewal->count = 0;
	arena_reset(renewal->arena);
	return renewal->err == OK;
}

static bool take(void *context, const bson_t *record)
{
	struct renewal *renewal = context;
	const struct source *source = renewal->source;
	struct arena *arena = renewal->arena;
	bson_t *filter = DOC(arena, NULL), *set = DOC(arena, NULL);

	doc_unchanged(filter, record, "_id");
	doc_unchanged(filter, record, source->first);
	doc_unchanged(filter, record, source->second);
	source->make(arena, set, doc_text(record, source->first), doc_text(record, source->second));
	renewal->updates[renewal->count++] = (struct db_update){
		.filter = filter,
		.change = DOC(arena, PART("$set", set)),
	};
	return renewal->count < RECORDS_AT_ONCE || flush(renewal);
}

static enum err renew(struct renewal *renewal, const bson_t *stale)
{
	const struct source *source = renewal->source;
	struct arena *arena = arena_new();
	const bson_t *fields =
		DOC(arena, SUB("projection", INT(source->first, 1), INT(source->second, 1)));
	enum err err = db_each(renewal->db, source->in, stale, fields, take, renewal);

	if (err == OK && renewal->err == OK && renewal->count)
		flush(renewal);
	arena_free(arena);
	return err != OK ? err : renewal->err;
}

static enum err source_renew(struct renewal *renewal, bool dry_run, FILE *report)
{
	const char *done = dry_run ? "to be made" : "made";
	struct arena *arena = arena_new();
	const bson_t *stale =
		DOC(arena, SUB("search_version", SUB("$not", INT("$gte", SEARCH_VERSION))));
	enum err err = dry_run ? db_count(renewal->db, arena, renewal->source->in, stale, 0,
					  &renewal->renewed) :
				 renew(renewal, stale);

	if (renewal->renewed)
		fprintf(report, "%s: %" PRId64 " %s searchable by the present rules\n",
			collection_name(renewal->source->in), renewal->renewed, done);
	arena_free(arena);
	return err;
}

enum err search_renew(struct db *db, bool dry_run, FILE *report, int64_t *renewed)
{
	enum err err = OK;

	*renewed = 0;
	for (size_t i = 0; i < COUNT_OF(sources) && err == OK; i++) {
		struct renewal renewal = { .source = &sources[i], .db = db, .arena = arena_new() };

		err = source_renew(&renewal, dry_run, report);
		*renewed += renewal.renewed;
		arena_free(renewal.arena);
	}
	return err;
}
