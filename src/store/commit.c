/*
 * Running transactions: the one place that opens transactions, retries them and says what a failure means.
 *
 * A write conflict aborts a transaction at once. Those of one process seldom conflict, because they share a transaction
 * (commit_group.h); those of other processes meet in MongoDB and back off. When the reply to a commit is lost, only the
 * commit is repeated.
 */
#include "store/commit.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/doc.h"
#include "store/store_private.h"

#include <stdlib.h>

enum { BACK_OFF_FIRST_MS = 5, BACK_OFF_MOST_MS = 250 };

/* As they were planned: decisions are made anew by what is found then. */
static void planned_restore(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		struct txn *txn = run->txns[i];

		txn->count = txn->planned;
		txn->ran = 0;
		txn->missed = NULL;
		for (size_t j = 0; j < txn->count; j++)
			txn->steps[j].found = NULL;
	}
}

static enum outcome txns_run(struct run *run)
{
	enum outcome outcome = DONE;

	run->sent = false;
	run->err = OK;
	planned_restore(run);
	if (run->touches)
		outcome = steps_run(run, run->txns, run->count);
	for (size_t i = 0; !run->touches && i < run->count && outcome == DONE; i++)
		outcome = steps_run(run, &run->txns[i], 1);
	return outcome == DONE && !run->sent ? steps_confirm(run) : outcome;
}

static enum outcome commit_once(struct run *run)
{
	struct db *db = run->db;
	bson_error_t error;
	bson_t reply;
	enum outcome outcome = AGAIN;
	bool unknown = true;

	while (unknown) {
		if (mongoc_client_session_commit_transaction(db->session, &reply, &error)) {
			bson_destroy(&reply);
			return DONE;
		}
		unknown = mongoc_error_has_label(&reply, "UnknownTransactionCommitResult") &&
			  clock_steady() <= run->deadline;
		if (!unknown)
			outcome = steps_failed(run, &reply, &error, "committing");
		else
			clock_sleep(BACK_OFF_FIRST_MS);
		bson_destroy(&reply);
	}
	bool last = outcome == BROKEN || clock_steady() > run->deadline;
	if (last && error.domain != MONGOC_ERROR_SERVER_SELECTION)
		session_end(db);
	return outcome;
}

static enum outcome transaction_run(struct run *run)
{
	struct db *db = run->db;
	bson_error_t error;

	run->err = ERR_UNAVAILABLE;
	if (!session_ready(db))
		return BROKEN;
	bson_t *options = doc_new(run->txns[0]->arena);
	if (!mongoc_client_session_start_transaction(db->session, NULL, &error) ||
	    !mongoc_client_session_append(db->session, options, &error)) {
		run->err = store_failed(&error, "starting a transaction");
		return BROKEN;
	}
	run->options = options;
	enum outcome outcome = txns_run(run);
	if (outcome == DONE)
		return commit_once(run);
	mongoc_client_session_abort_transaction(db->session, NULL);
	return outcome;
}

bool commit_is_one_step(const struct txn *txn)
{
	return txn->count == 1 && txn->steps[0].kind != STEP_THEN;
}

enum outcome commit_try(struct run *run)
{
	bool alone = run->count == 1 && commit_is_one_step(run->txns[0]);
	enum outcome outcome = alone ? txns_run(run) : transaction_run(run);

	if (outcome == BROKEN)
		session_drop(run->db);
	return outcome;
}

/* A pause after a conflict, of random length; the next one may be longer. */
static void pause_growing(uint32_t *most_ms)
{
	clock_sleep(1 + arc4random_uniform(*most_ms));
	*most_ms += *most_ms / 2;
	if (*most_ms > BACK_OFF_MOST_MS)
		*most_ms = BACK_OFF_MOST_MS;
}

enum outcome commit_tries(struct run *run, unsigned most)
{
	uint32_t pause = BACK_OFF_FIRST_MS;

	for (unsigned tries = 1;; tries++) {
		enum outcome outcome = commit_try(run);

		if (outcome != AGAIN)
			return outcome;
		if (clock_steady() > run->deadline) {
			log_line(LOG_WARN, NULL, "gave up a transaction after %u conflicts", tries);
			run->err = ERR_UNAVAILABLE;
			return BROKEN;
		}
		if (tries == most)
			return AGAIN;
		pause_growing(&pause);
	}
}
