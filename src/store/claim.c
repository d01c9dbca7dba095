#include "store/claim.h"

#include "base/clock.h"
#include "base/digest.h"
#include "store/claim_insert.h"
#include "store/claim_people.h"
#include "store/doc.h"
#include "store/presence.h"
#include "store/releases.h"
#include "store/store_private.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* How long we go on looking at a key that changes hands meanwhile, or that the majority does not have yet, and the
 * pause between two looks. The long ones are for after an election: the call that has the key may have ended, and be
 * giving it back just now. */
enum { LOOK_MS = 500, LOOK_PAUSE_MS = 5, LOOK_LONG_MS = 2500, LOOK_LONG_PAUSE_MS = 50 };

/* ---- hashes ---- */

static void hash_or_die(int done)
{
	/* only a lack of memory can make it fail */
	if (done != 1)
		abort();
}

/* With its length in front no text can run into the next. */
static void hash_part(EVP_MD_CTX *hash, const void *bytes, size_t length)
{
	uint64_t prefix = length;

	hash_or_die(EVP_DigestUpdate(hash, &prefix, sizeof prefix));
	hash_or_die(EVP_DigestUpdate(hash, bytes, length));
}

static void hash_key(const struct claim_request *request, uint8_t out[DIGEST_SIZE])
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	hash_or_die(hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL));
	hash_part(hash, request->user.bytes, sizeof request->user.bytes);
	hash_part(hash, request->method, strlen(request->method));
	hash_part(hash, request->path, strlen(request->path));
	hash_part(hash, request->key, strlen(request->key));
	hash_or_die(EVP_DigestFinal_ex(hash, out, NULL));
	EVP_MD_CTX_free(hash);
}

static void hash_body(const struct claim_request *request, uint8_t out[DIGEST_SIZE])
{
	const char *body = request->body ? request->body : "";
	size_t length = request->body ? request->body_length : 0;

	digest_sha256(body, length, out);
}

/* ---- the record of a key ---- */

/* One try to claim. */
struct attempt {
	struct db *db;
	struct arena *arena;
	const struct claim_request *request;
	struct claim *claim;
	uint8_t body_hash[DIGEST_SIZE];
};

/* What a claim says, in a new record or in a dead one's place. */
static bson_t *claim_fields(const struct attempt *attempt)
{
	const struct claim_request *request = attempt->request;
	struct presence *presence = attempt->db->store->presence;
	bson_t *fields = DOC(
		attempt->arena, ID("user_id", &request->user), ID("token", &attempt->claim->token),
		PAIR("body_hash", BCON_HASH(attempt->body_hash)), TEXT("state", "claimed"),
		DATE("lease_until", request->now + CLAIM_LEASE_MS),
		/* an answer is there before the lease is over; not to touch this then saves the change of an index */
		DATE("expires_at", request->now + CLAIM_LEASE_MS + CLAIM_KEPT_MS));

	BSON_APPEND_UTF8(fields, "request_id", request->request_id);
	if (presence) {
		bson_concat(fields, DOC(attempt->arena, ID("process", presence_id(presence))));
		presence_touch(presence);
	}
	return fields;
}

static enum err record_insert(const struct attempt *attempt, bool *ours)
{
	bson_t *record = DOC(attempt->arena, PAIR("_id", BCON_HASH(attempt->claim->key)));

	bson_concat(record, claim_fields(attempt));
	return claim_insert(attempt->db, attempt->arena, record, ours);
}

/* NULL when it is gone meanwhile. */
static enum err record_read(const struct attempt *attempt, const bson_t **record)
{
	struct arena *arena = attempt->arena;
	const bson_t *reply;

	*record = NULL;
	enum err err = db_read(attempt->db, arena,
			       DOC(arena, TEXT("find", collection_name(IDEMPOTENCY)),
				   SUB("filter", PAIR("_id", BCON_HASH(attempt->claim->key))),
				   INT("limit", 1), BOOL("singleBatch", true)),
			       &reply);
	if (err == OK)
		*record = store_first(arena, reply);
	return err;
}

/* Puts us in the place of a claimant that died, or of a record whose time is over. *taken is the record as it is then,
 * with what is noted in it by now, or NULL when somebody else was first. */
static enum err record_take_over(const struct attempt *attempt, const bson_t *record, bool over,
				 const bson_t **taken)
{
	struct arena *arena = attempt->arena;
	const char *state = doc_text(record, "state");
	struct id token = { 0 };
	bson_t *forget = DOC(arena, INT("status", 1), INT("body", 1)),
	       *value = arena_alloc(arena, sizeof *value);
	const bson_t *reply;

	doc_id(record, "token", &token);
	if (over)
		BSON_APPEND_INT32(forget, "results", 1);
	enum err err = db_write(
		attempt->db, arena,
		DOC(arena, TEXT("findAndModify", collection_name(IDEMPOTENCY)),
		    SUB("query", PAIR("_id", BCON_HASH(attempt->claim->key)), ID("token", &token),
			TEXT("state", state ? state : "")),
		    SUB("update", PART("$set", claim_fields(attempt)), PART("$unset", forget)),
		    BOOL("new", true)),
		&reply);
	*taken = err == OK && doc_part(reply, "value", value) ? value : NULL;
	return err;
}

/* ---- claiming ---- */

static bool same_body(const struct attempt *attempt, const bson_t *record)
{
	uint32_t length;
	const uint8_t *hash = doc_bytes(record, "body_hash", &length);

	return length == DIGEST_SIZE && !memcmp(hash, attempt->body_hash, DIGEST_SIZE);
}

static bool is_done(const bson_t *record)
{
	return doc_text_is(record, "state", "done");
}

/* An insert whose reply was lost and which the driver sent again finds itself. */
static bool is_ours(const struct attempt *attempt, const bson_t *record)
{
	struct id token;

	return doc_id(record, "token", &token) && id_equal(&token, &attempt->claim->token);
}

static void answer_read(const bson_t *record, struct kept_answer *answer)
{
	uint32_t length;

	answer->kept = true;
	answer->status = (int)doc_whole(record, "status", 200);
	answer->body = (const char *)doc_bytes(record, "body", &length);
	answer->length = length;
}

static const bson_t *results_of(struct arena *arena, const bson_t *record)
{
	bson_t *results = arena_alloc(arena, sizeof *results);

	return doc_part(record, "results", results) ? results : NULL;
}

static bool is_over(const struct attempt *attempt, const bson_t *record)
{
	return doc_date(record, "expires_at", 0) <= attempt->request->now;
}

static bool is_leased(const struct attempt *attempt, const bson_t *record)
{
	return doc_date(record, "lease_until", 0) > attempt->request->now;
}

/* Was the claimant a process of this host that has died? If so, its open transactions are ended first: only then is it
 * decided whether its call happened. */
static bool claimant_died(const struct attempt *attempt, const bson_t *record)
{
	const struct presence *presence = attempt->db->store->presence;
	struct id process;

	if (!presence || !doc_id(record, "process", &process) ||
	    !presence_is_over(presence, &process))
		return false;
	sessions_end_of(attempt->db, &process);
	return true;
}

/* What to make of a key that somebody has or had. Neither ours nor kept: look again. */
static enum err record_judge(const struct attempt *attempt, const bson_t *record, bool *ours,
			     struct kept_answer *answer)
{
	bool over = is_over(attempt, record);
	const bson_t *taken;

	*ours = is_ours(attempt, record);
	if (*ours)
		return OK;
	if (!over && !same_body(attempt, record))
		return ERR_KEY_REUSED;
	if (!over && is_done(record)) {
		answer_read(record, answer);
		return OK;
	}
	if (!over && is_leased(attempt, record) && !claimant_died(attempt, record))
		return ERR_IN_PROGRESS;
	/* should the reply be lost, what was noted decides how the key is given back */
	attempt->claim->noted = !over && results_of(attempt->arena, record);
	enum err err = record_take_over(attempt, record, over, &taken);
	*ours = taken != NULL;
	if (taken)
		answer->results = results_of(attempt->arena, taken);
	attempt->claim->noted |= answer->results != NULL;
	return err;
}

static struct attempt attempt_start(struct db *db, struct arena *arena,
				    const struct claim_request *request, struct claim *claim)
{
	struct attempt attempt = { .db = db, .arena = arena, .request = request, .claim = claim };

	hash_key(request, claim->key);
	hash_body(request, attempt.body_hash);
	claim->token = doc_new_id();
	claim->noted = false;
	return attempt;
}

/* One look. Neither an error, nor ours, nor kept: look again. */
static enum err key_look(struct attempt *attempt, struct kept_answer *answer, bool *ours)
{
	const bson_t *record = NULL;
	enum err err = record_insert(attempt, ours);

	if (err == OK && !*ours)
		err = record_read(attempt, &record);
	return record ? record_judge(attempt, record, ours, answer) : err;
}

static enum err key_take(struct attempt *attempt, struct kept_answer *answer)
{
	bool patient = store_elected_lately(attempt->db->store);
	int64_t end = clock_steady() + (patient ? LOOK_LONG_MS : LOOK_MS);

	for (;;) {
		bool ours = false;
		enum err err = key_look(attempt, answer, &ours);
		bool again = err == OK || (err == ERR_IN_PROGRESS && patient);

		if (ours || answer->kept || !again)
			return err;
		if (clock_steady() > end)
			return ERR_IN_PROGRESS;
		clock_sleep(err == OK ? LOOK_PAUSE_MS : LOOK_LONG_PAUSE_MS);
	}
}

enum err claim_take(struct db *db, struct arena *arena, const struct claim_request *request,
		    struct claim *claim, struct kept_answer *answer)
{
	struct attempt attempt = attempt_start(db, arena, request, claim);

	*answer = (struct kept_answer){ 0 };
	enum err err = key_take(&attempt, answer);
	/* the claim may stand although we were told of an error, and nobody would work on it */
	if (err == ERR_UNAVAILABLE || err == ERR_INTERNAL)
		claim_release(db, arena, claim);
	return err;
}

enum err claim_recall(struct db *db, struct arena *arena, const struct claim_request *request,
		      bool own, struct kept_answer *answer)
{
	struct claim claim;
	struct attempt attempt = attempt_start(db, arena, request, &claim);
	const bson_t *record;
	enum err err = record_read(&attempt, &record);

	*answer = (struct kept_answer){ 0 };
	if (err != OK || !record || is_over(&attempt, record) || !same_body(&attempt, record) ||
	    (own && !doc_text_is(record, "request_id", request->request_id)))
		return err;
	if (!is_done(record))
		return is_leased(&attempt, record) ? ERR_IN_PROGRESS : OK;
	answer_read(record, answer);
	return OK;
}

/* ---- completing ---- */

void claim_complete(struct txn *txn, const struct claim *claim, int status, const char *body,
		    size_t length)
{
	struct arena *arena = txn->arena;
	bson_t *set = DOC(arena, TEXT("state", "done"), INT("status", status));

	BSON_APPEND_BINARY(set, "body", BSON_SUBTYPE_BINARY, (const uint8_t *)(body ? body : ""),
			   (uint32_t)length);
	BSON_APPEND_ARRAY(set, "people", claim_people(txn));
	/* the answer tells what the parts came to */
	txn_update(txn, IDEMPOTENCY, claim_held(arena, claim),
		   DOC(arena, PART("$set", set), SUB("$unset", INT("results", 1))),
		   ERR_IN_PROGRESS);
}

void claim_note(struct txn *txn, struct claim *claim, const bson_t *result)
{
	struct arena *arena = txn->arena;

	claim->noted = true;
	txn_update(txn, IDEMPOTENCY, claim_held(arena, claim),
		   DOC(arena, SUB("$push", PART("results", result))), ERR_IN_PROGRESS);
}

void claim_release(struct db *db, struct arena *arena, const struct claim *claim)
{
	if (claim_give_back(db, arena, claim) != OK)
		releases_add(db->store->releases, claim);
}
