/*
 * What an error of MongoDB means to a caller: does it pass, so that asking again helps, or is it ours?
 */
#include "store/store_private.h"

#include "base/count.h"
#include "base/log.h"
#include "store/doc.h"

/* Codes of a server that is stopping, electing, overrun or cut off from its set, or that gave up what was under way for
 * such a reason; and of operations that met others. None of them tells of a bad command. */
static const uint32_t passing_codes[] = {
	6, /* HostUnreachable */
	7, /* HostNotFound */
	24, /* LockTimeout */
	43, /* CursorNotFound: it went with the server that had it */
	46, /* LockBusy */
	50, /* MaxTimeMSExpired */
	63, /* StaleShardVersion */
	64, /* WriteConcernFailed: not confirmed in time */
	79, /* UnknownReplWriteConcern: the set has no members known yet */
	89, /* NetworkTimeout */
	90, /* CallbackCanceled */
	91, /* ShutdownInProgress */
	100, /* UnsatisfiableWriteConcern: too few members just now */
	112, /* WriteConflict */
	117, /* ConflictingOperationInProgress */
	133, /* FailedToSatisfyReadPreference */
	134, /* ReadConcernMajorityNotAvailableYet */
	150, /* StaleEpoch */
	175, /* QueryPlanKilled */
	189, /* PrimarySteppedDown */
	202, /* NetworkInterfaceExceededTimeLimit */
	211, /* KeyNotFound: for signing times, right after an election */
	225, /* TransactionTooOld */
	234, /* RetryChangeStream */
	237, /* CursorKilled */
	239, /* SnapshotTooOld */
	246, /* SnapshotUnavailable */
	251, /* NoSuchTransaction */
	262, /* ExceededTimeLimit */
	267, /* PreparedTransactionInProgress */
	290, /* TransactionExceededLifetimeLimitSeconds */
	365, /* TemporarilyUnavailable */
	9001, /* SocketException */
	10058, /* NotWritablePrimary of old servers */
	10107, /* NotWritablePrimary */
	11600, /* InterruptedAtShutdown */
	11601, /* Interrupted: an operator ended it */
	11602, /* InterruptedDueToReplStateChange */
	13388, /* StaleConfig */
	13435, /* NotPrimaryNoSecondaryOk */
	13436, /* NotPrimaryOrSecondary */
};

static bool code_passes(uint32_t code)
{
	for (size_t i = 0; i < COUNT_OF(passing_codes); i++)
		if (passing_codes[i] == code)
			return true;
	return false;
}

/* A write concern that was not met says nothing against the write: it may yet be confirmed, or be taken back. */
static bool passes(const bson_error_t *error)
{
	switch (error->domain) {
	case MONGOC_ERROR_SERVER_SELECTION:
	case MONGOC_ERROR_STREAM:
	case MONGOC_ERROR_CLIENT:
	case MONGOC_ERROR_WRITE_CONCERN:
		return true;
	default:
		return error->domain == MONGOC_ERROR_SERVER && code_passes(error->code);
	}
}

bool store_out_of_time(const bson_error_t *error)
{
	enum { MAX_TIME_EXPIRED = 50 };

	return error->domain == MONGOC_ERROR_SERVER && error->code == MAX_TIME_EXPIRED;
}

static enum err judged(bool passing, const char *doing, const char *message, uint32_t code)
{
	log_line(passing ? LOG_WARN : LOG_ERROR, NULL, "MongoDB, %s: %s (%u)", doing, message,
		 code);
	return passing ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

enum err store_failed(const bson_error_t *error, const char *doing)
{
	return judged(passes(error), doing, error->message, error->code);
}

enum err store_failed_reply(const bson_t *reply, const bson_error_t *error, const char *doing)
{
	bool passing = passes(error) || mongoc_error_has_label(reply, "RetryableWriteError") ||
		       mongoc_error_has_label(reply, "TransientTransactionError") ||
		       mongoc_error_has_label(reply, "UnknownTransactionCommitResult");

	return judged(passing, doing, error->message, error->code);
}

bool write_errors_begin(bson_iter_t *at, const bson_t *reply)
{
	bson_t errors;

	return reply && doc_part(reply, "writeErrors", &errors) && bson_iter_init(at, &errors);
}

bool write_errors_next(bson_iter_t *at, struct write_error *error)
{
	bson_t one;

	if (!bson_iter_next(at) || !doc_iter_part(at, &one))
		return false;
	error->code = (uint32_t)doc_whole(&one, "code", 0);
	error->index = (size_t)doc_whole(&one, "index", 0);
	error->message = doc_text(&one, "errmsg");
	return true;
}

bool store_write_error(const bson_t *reply, struct write_error *error)
{
	bson_iter_t at;

	return write_errors_begin(&at, reply) && write_errors_next(&at, error);
}

enum err store_refused(const struct write_error *error, const char *doing)
{
	return judged(code_passes(error->code), doing, error->message ? error->message : "refused",
		      error->code);
}
