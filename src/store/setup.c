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
	enum err err = store_failed(error, what);

	snprintf(setup->problem, PROBLEM_SIZE, "%s: %.180s", what, error->message);
	return err;
}

static enum err refused(struct setup *setup, enum err err, const char *sentence)
{
	snprintf(setup->problem, PROBLEM_SIZE, "%s", sentence);
	return err;
}

static bool run(struct setup *setup, const char *database, const bson_t *command,
		const bson_t **reply, bson_error_t *error)
{
	struct db *db = setup->db;
	bson_t raw;
	bool ok = mongoc_client_command_simple(
		db->client, database ? database : db->store->database, command, NULL, &raw, error);

	*reply = doc_steal(setup->arena, &raw);
	return ok;
}

/* The documents of a reply's first batch, which is all of it for our few names; false when it is
 * none. */
static bool batch_of(const bson_t *reply, bson_iter_t *rows)
{
	bson_iter_t at, batch;

	return bson_iter_init(&at, reply) &&
	       bson_iter_find_descendant(&at, "cursor.firstBatch", &batch) &&
	       BSON_ITER_HOLDS_ARRAY(&batch) && bson_iter_recurse(&batch, rows);
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

static enum err index_drop(struct setup *setup, enum collection in, const char *name)
{
	const char *collection = collection_name(in);
	const bson_t *reply;
	bson_error_t error;

	setup->changes++;
	fprintf(setup->report,
		"%s: unique index %s is not ours and would refuse what this service writes: %s\n",
		collection, name, setup->order->dry_run ? "to be dropped" : "dropped");
	if (setup->order->dry_run ||
	    run(setup, NULL,
		DOC(setup->arena, TEXT("dropIndexes", collection), TEXT("index", name),
		    SUB("writeConcern", TEXT("w", "majority"))),
		&reply, &error) ||
	    error.code == INDEX_NOT_FOUND)
		return OK;
	return failed(setup,
		      arena_printf(setup->arena, "The index %s of %s cannot be dropped", name,
				   collection),
		      &error);
}

static enum err indexes_drop(struct setup *setup, enum collection in, const bson_t *existing)
{
	bson_iter_t rows;
	bson_t index;
	enum err err = OK;

	if (!existing || !batch_of(existing, &rows))
		return OK;
	while (err == OK && batch_next(&rows, &index))
		if (index_refuses(setup->arena, in, &index))
			err = index_drop(setup, in, doc_text(&index, "name"));
	return err;
}

static bool index_is_there(const struct setup *setup, const bson_t *existing,
			   const struct index_row *row)
{
	bson_iter_t rows;
	bson_t index;

	if (!existing || !batch_of(existing, &rows))
		return false;
	while (batch_next(&rows, &index))
		if (index_serves(setup->arena, &index, row))
			return true;
	return false;
}

static bson_t *index_spec(struct arena *arena, const struct index_row *row)
{
	bson_t *spec =
		DOC(arena, TEXT("name", row->name), PART("key", doc_parse(arena, row->keys)));

	if (row->options)
		bson_concat(spec, doc_parse(arena, row->options));
	return spec;
}

/* The indexes of a collection, as the server lists them; NULL when there is no such collection. */
static enum err indexes_read(struct setup *setup, enum collection in, const bson_t **existing)
{
	bson_error_t error;
	bson_t *command = DOC(setup->arena, TEXT("listIndexes", collection_name(in)),
			      SUB("cursor", INT("batchSize", 1000)));

	if (run(setup, NULL, command, existing, &error))
		return OK;
	*existing = NULL;
	return error.code == NAMESPACE_NOT_FOUND ?
		       OK :
		       failed(setup, "The indexes cannot be read", &error);
}

/* early: of a collection that is there already, what adoption needs alone. */
static struct doc_array indexes_missing(const struct setup *setup, enum collection in,
					const bson_t *existing, bool early)
{
	struct doc_array missing = doc_array_new(setup->arena);

	for (size_t i = 0; i < index_row_count; i++)
		if (index_rows[i].in == in &&
		    (!early || !existing || index_is_early(&index_rows[i])) &&
		    !index_is_there(setup, existing, &index_rows[i]))
			doc_array_doc(&missing, index_spec(setup->arena, &index_rows[i]));
	return missing;
}

/* What is missing is made by one command, which reads the collection once. */
static enum err indexes_make(struct setup *setup, enum collection in, bool early)
{
	struct arena *arena = setup->arena;
	const char *collection = collection_name(in);
	const bson_t *existing, *reply;
	bson_error_t error;
	enum err err = indexes_read(setup, in, &existing);

	if (err == OK)
		err = indexes_drop(setup, in, existing);
	if (err != OK)
		return err;
	struct doc_array missing = indexes_missing(setup, in, existing, early);
	if (!missing.count)
		return OK;
	setup->changes++;
	if (setup->order->dry_run) {
		fprintf(setup->report, "%s: %u %s to be made\n", collection, missing.count,
			missing.count == 1 ? "index" : "indexes");
		return OK;
	}
	if (!run(setup, NULL,
		 DOC(arena, TEXT("createIndexes", collection), ARRAY("indexes", missing.doc),
		     SUB("writeConcern", TEXT("w", "majority"))),
		 &reply, &error))
		return failed(setup,
			      arena_printf(arena, "The indexes of %s cannot be made", collection),
			      &error);
	fprintf(setup->report, "%s: %u %s made\n", collection, missing.count,
		missing.count == 1 ? "index" : "indexes");
	return OK;
}

static enum err indexes_make_all(struct setup *setup, bool early)
{
	enum err err = OK;

	for (int in = 0; in < COLLECTION_COUNT && err == OK; in++)
		err = indexes_make(setup, (enum collection)in, early);
	return err;
}

/* ---- validators ---- */

/* The collection's options as they stand; empty when it has none. */
static enum err options_read(struct setup *setup, enum collection in, bson_t *options)
{
	const bson_t *reply;
	bson_error_t error;
	bson_iter_t rows;
	bson_t info;

	bson_init(options);
	if (!run(setup, NULL,
		 DOC(setup->arena, INT("listCollections", 1),
		     SUB("filter", TEXT("name", collection_name(in)))),
		 &reply, &error))
		return failed(setup, "The collections cannot be listed", &error);
	if (batch_of(reply, &rows) && batch_next(&rows, &info))
		doc_part(&info, "options", options);
	return OK;
}

static bool validator_is_there(const bson_t *options, const bson_t *rule)
{
	bson_t validator;

	return doc_text_is(options, "validationLevel", "moderate") &&
	       doc_part(options, "validator", &validator) && bson_equal(&validator, rule);
}

/* Changing it waits for open transactions, so it is done only where something is to be changed. */
static enum err validator_make(struct setup *setup, const struct validator_row *row)
{
	struct arena *arena = setup->arena;
	const char *collection = collection_name(row->in);
	bson_t *rule = doc_parse(arena, row->rule), options;
	const bson_t *reply;
	bson_error_t error;
	enum err err = options_read(setup, row->in, &options);

	if (err != OK || validator_is_there(&options, rule))
		return err;
	setup->changes++;
	if (setup->order->dry_run) {
		fprintf(setup->report, "%s: validator to be set\n", collection);
		return OK;
	}
	if (!run(setup, NULL,
		 DOC(arena, TEXT("collMod", collection), PART("validator", rule),
		     TEXT("validationLevel", "moderate"), TEXT("validationAction", "error"),
		     SUB("writeConcern", TEXT("w", "majority"))),
		 &reply, &error))
		return failed(setup,
			      arena_printf(arena, "The validator of %s cannot be set", collection),
			      &error);
	fprintf(setup->report, "%s: validator set\n", collection);
	return OK;
}

/* ---- the server, and the version of the data ---- */

/* What was being changed on a host that died stays locked for as long, and contenders meanwhile fail. What a killed process
 * had locked, the others of its host set free (presence.h). */
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
