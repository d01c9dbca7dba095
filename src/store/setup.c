#include "store/setup.h"

#include "base/clock.h"
#include "store/doc.h"
#include "store/indexes.h"
#include "store/store_private.h"

enum {
	PROBLEM_SIZE = 256,
	NAMESPACE_NOT_FOUND = 26,
	INDEX_NOT_FOUND = 27,
	TRANSACTION_SECONDS = 5
};

struct setup {
	struct db *db;
	struct arena *arena;
	const struct setup_order *order;
	FILE *report;
	char *problem;
	int changes; /* made, or in a dry run to be made */
};

static enum err failed(struct setup *setup, const char *what, const bson_error_t *error)
{
	snprintf(setup->problem, PROBLEM_SIZE, "%s: %.180s", what, error->message);
	return store_failed(error, what);
}

static enum err refused(struct setup *setup, enum err err, const char *sentence)
{
	snprintf(setup->problem, PROBLEM_SIZE, "%s", sentence);
	return err;
}

static bool run(struct setup *setup, const char *database, const bson_t *command,
		const bson_t **reply, bson_error_t *error)
{
	bson_t raw;
	bool ok = mongoc_client_command_simple(setup->db->client, database, command, NULL, &raw,
					       error);

	*reply = doc_steal(setup->arena, &raw);
	return ok;
}

/* Makes a change of a collection, or in a dry run only says that it would be: "3 indexes" are "made". */
static enum err change(struct setup *setup, enum collection in, const char *what, const char *made,
		       bson_t *command)
{
	bool dry_run = setup->order->dry_run;
	const bson_t *reply;
	bson_error_t error;

	setup->changes++;
	bson_concat(command, DOC(setup->arena, SUB("writeConcern", TEXT("w", "majority"))));
	if (!dry_run && !run(setup, setup->db->store->database, command, &reply, &error) &&
	    error.code != INDEX_NOT_FOUND)
		return failed(setup,
			      arena_printf(setup->arena, "%s: %s cannot be %s", collection_name(in),
					   what, made),
			      &error);
	fprintf(setup->report, "%s: %s %s%s\n", collection_name(in), what, dry_run ? "to be " : "",
		made);
	return OK;
}

/* The documents of a reply's first batch, which is all of it for our few names; false when there are none. */
static bool batch_of(const bson_t *reply, bson_iter_t *rows)
{
	bson_iter_t at, batch;

	return reply && bson_iter_init(&at, reply) &&
	       bson_iter_find_descendant(&at, "cursor.firstBatch", &batch) &&
	       bson_iter_recurse(&batch, rows);
}

static bool batch_next(bson_iter_t *rows, bson_t *doc)
{
	const uint8_t *bytes;
	uint32_t length;

	if (!bson_iter_next(rows) || !BSON_ITER_HOLDS_DOCUMENT(rows))
		return false;
	bson_iter_document(rows, &length, &bytes);
	return bson_init_static(doc, bytes, length);
}

/* ---- indexes ---- */

typedef bool (*index_judge)(struct arena *arena, enum collection in, const bson_t *index);

/* Those that `drops` names. why says so of the index before its name, and after it. */
static enum err indexes_drop(struct setup *setup, enum collection in, const bson_t *existing,
			     index_judge drops, const char *const why[2])
{
	struct arena *arena = setup->arena;
	bson_iter_t rows;
	bson_t index;
	enum err err = OK;

	if (!batch_of(existing, &rows))
		return OK;
	while (err == OK && batch_next(&rows, &index)) {
		if (!drops(arena, in, &index))
			continue;
		const char *name = doc_text(&index, "name");

		err = change(
			setup, in, arena_printf(arena, "%s %s %s", why[0], name, why[1]), "dropped",
			DOC(arena, TEXT("dropIndexes", collection_name(in)), TEXT("index", name)));
	}
	return err;
}

static bool index_is_there(const struct setup *setup, const bson_t *existing,
			   const struct index_row *row)
{
	bson_iter_t rows;
	bson_t index;

	if (!batch_of(existing, &rows))
		return false;
	while (batch_next(&rows, &index))
		if (index_serves(setup->arena, &index, row))
			return true;
	return false;
}

/* The indexes of a collection, as the server lists them; NULL when there is no such collection. */
static enum err indexes_read(struct setup *setup, enum collection in, const bson_t **existing)
{
	bson_error_t error;
	bson_t *command = DOC(setup->arena, TEXT("listIndexes", collection_name(in)),
			      SUB("cursor", INT("batchSize", 1000)));

	if (run(setup, setup->db->store->database, command, existing, &error))
		return OK;
	*existing = NULL;
	return error.code == NAMESPACE_NOT_FOUND ?
		       OK :
		       failed(setup, "The indexes cannot be read", &error);
}

/* What is missing is made by one command, which reads the collection once. early: of a collection that is there
 * already, what adoption needs alone. */
static enum err missing_make(struct setup *setup, enum collection in, const bson_t *existing,
			     bool early)
{
	struct arena *arena = setup->arena;
	struct doc_array missing = doc_array_new(arena);

	for (size_t i = 0; i < index_row_count; i++)
		if (index_rows[i].in == in &&
		    (!early || !existing || index_is_early(&index_rows[i])) &&
		    !index_is_there(setup, existing, &index_rows[i]))
			doc_array_doc(&missing, index_spec(arena, &index_rows[i]));
	if (!missing.count)
		return OK;
	return change(setup, in,
		      arena_printf(arena, "%u %s", missing.count,
				   missing.count == 1 ? "index" : "indexes"),
		      "made",
		      DOC(arena, TEXT("createIndexes", collection_name(in)),
			  ARRAY("indexes", missing.doc)));
}

/* What is read by those that are dropped last can be read by the new ones then. */
static enum err indexes_make(struct setup *setup, enum collection in, bool early)
{
	static const char *const refuses[] = {
		"unique index", "is not ours and would refuse what this service writes:"
	};
	static const char *const superseded[] = { "index", "serves nothing any more:" };
	const bson_t *existing;
	enum err err = indexes_read(setup, in, &existing);

	if (err == OK)
		err = indexes_drop(setup, in, existing, index_refuses, refuses);
	if (err == OK)
		err = missing_make(setup, in, existing, early);
	if (err == OK)
		err = indexes_drop(setup, in, existing, index_is_superseded, superseded);
	return err;
}

static enum err indexes_make_all(struct setup *setup, bool early)
{
	enum err err = OK;

	for (int in = 0; in < COLLECTION_COUNT && err == OK; in++)
		err = indexes_make(setup, (enum collection)in, early);
	return err;
}

/* ---- validators ---- */

static bool validator_is_there(const bson_t *reply, const bson_t *rule)
{
	bson_iter_t rows;
	bson_t info, options, validator;

	return batch_of(reply, &rows) && batch_next(&rows, &info) &&
	       doc_part(&info, "options", &options) &&
	       doc_text_is(&options, "validationLevel", "moderate") &&
	       doc_part(&options, "validator", &validator) && bson_equal(&validator, rule);
}

/* Changing it waits for open transactions, so it is done only where something is to be changed. */
static enum err validator_make(struct setup *setup, const struct validator_row *row)
{
	struct arena *arena = setup->arena;
	const char *collection = collection_name(row->in);
	bson_t *rule = doc_parse(arena, row->rule);
	const bson_t *reply;
	bson_error_t error;

	if (!run(setup, setup->db->store->database,
		 DOC(arena, INT("listCollections", 1), SUB("filter", TEXT("name", collection))),
		 &reply, &error))
		return failed(setup, "The collections cannot be listed", &error);
	if (validator_is_there(reply, rule))
		return OK;
	return change(setup, row->in, "validator", "set",
		      DOC(arena, TEXT("collMod", collection), PART("validator", rule),
			  TEXT("validationLevel", "moderate"), TEXT("validationAction", "error")));
}

/* ---- the server, and the version of the data ---- */

/* What was being changed on a host that died stays locked for as long, and contenders meanwhile fail. What a killed
 * process had locked, the others of its host set free (presence.h). */
static void lifetime_tell(struct setup *setup)
{
	const bson_t *reply;
	bson_error_t error;

	if (!run(setup, "admin",
		 DOC(setup->arena, INT("getParameter", 1),
		     INT("transactionLifetimeLimitSeconds", 1)),
		 &reply, &error)) {
		fprintf(setup->report,
			"The server does not tell its transactionLifetimeLimitSeconds; it should "
			"be %d.\n",
			TRANSACTION_SECONDS);
		return;
	}
	int64_t seconds = doc_whole(reply, "transactionLifetimeLimitSeconds", 0);
	if (seconds > TRANSACTION_SECONDS)
		fprintf(setup->report,
			"The server's transactionLifetimeLimitSeconds is %lld: records that a "
			"host was changing when it died stay locked for so long. Set it to %d.\n",
			(long long)seconds, TRANSACTION_SECONDS);
}

/* 0: none, it was never made ready. */
static enum err version_read(struct db *db, struct arena *arena, int64_t *version)
{
	const bson_t *adopted = NULL;
	enum err err =
		db_find_one(db, arena, META, DOC(arena, TEXT("_id", "adopted")), NULL, &adopted);

	*version = adopted ? doc_whole(adopted, "version", 0) : 0;
	return err;
}

/* Should another run have been first, this one changes nothing, or meets its key. */
static enum err version_write(struct setup *setup)
{
	struct arena *arena = setup->arena;
	const bson_t *reply;

	setup->changes++;
	return db_write(
		setup->db, arena,
		DOC(arena, TEXT("update", collection_name(META)),
		    LIST("updates", ITEM(SUB("q", TEXT("_id", "adopted")),
					 SUB("u", SUB("$max", INT("version", SETUP_VERSION)),
					     SUB("$setOnInsert", DATE("at", clock_now()))),
					 BOOL("upsert", true)))),
		&reply);
}

static enum err version_check(struct setup *setup, int64_t *version)
{
	enum err err = version_read(setup->db, setup->arena, version);

	if (*version > SETUP_VERSION)
		return refused(
			setup, ERR_CONFLICT,
			"The data was made ready by a newer version of this program: use that.");
	return err;
}

/* Records without the mark are an older server's, or of a run that was cut off. */
static enum err adopt(struct setup *setup, int64_t version)
{
	const struct setup_order *order = setup->order;
	int64_t adopted = 0;
	enum err err = order->adopt(order->context, version > 0, &adopted);

	setup->changes += adopted > 0;
	if (err != OK)
		return refused(setup, err,
			       "Adoption was cut off, for the reason in the log. Run init-db "
			       "again: it goes on where it stopped.");
	if (order->dry_run || version == SETUP_VERSION)
		return OK;
	err = indexes_make_all(setup, false);
	return err == OK ? version_write(setup) : err;
}

/* Of records that are still to be adopted a dry run tells what adoption will do, and that is the whole. */
static enum err renew(struct setup *setup, int64_t version)
{
	const struct setup_order *order = setup->order;
	int64_t changed = 0;
	enum err err = version || !order->dry_run ? order->renew(order->context, &changed) : OK;

	setup->changes += changed > 0;
	return err;
}

static void end_tell(const struct setup *setup, int64_t version)
{
	bool nothing = version == SETUP_VERSION && !setup->changes;
	const char *text = setup->order->dry_run && nothing ?
				   "The database is ready; a run would change nothing." :
			   setup->order->dry_run ? "This was a dry run: nothing was changed." :
			   nothing		 ? "The database was ready; nothing was changed." :
						   "The database is ready.";

	fprintf(setup->report, "%s\n", text);
}

enum err setup_run(struct db *db, struct arena *arena, const struct setup_order *order,
		   char problem[256])
{
	struct setup setup = { .db = db,
			       .arena = arena,
			       .order = order,
			       .report = order->report,
			       .problem = problem };
	int64_t version = 0;

	*problem = '\0';
	enum err err = db_check_server(db, problem);
	if (err == OK)
		err = version_check(&setup, &version);
	/* nobody reads yet what was never adopted: an index costs a fraction when it is made afterwards */
	if (err == OK)
		err = indexes_make_all(&setup, !version && !order->dry_run);
	for (size_t i = 0; i < validator_row_count && err == OK; i++)
		err = validator_make(&setup, &validator_rows[i]);
	if (err == OK)
		err = adopt(&setup, version);
	if (err == OK)
		err = renew(&setup, version);
	if (err == OK)
		lifetime_tell(&setup);
	if (err == OK)
		end_tell(&setup, version);
	else if (!*problem)
		refused(&setup, err, err_row(err)->sentence);
	return err;
}

enum err setup_ready(struct db *db, struct arena *arena)
{
	int64_t version;
	enum err err = version_read(db, arena, &version);

	if (err != OK)
		return err;
	return version >= SETUP_VERSION ? OK : ERR_UNAVAILABLE;
}
