#include "auth/ticket.h"

#include "auth/caller.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

enum { SECRET_BYTES = 32 };

#define BCON_DIGEST(digest) BCON_BIN(BSON_SUBTYPE_BINARY, digest, DIGEST_SIZE)

char *ticket_issue(struct txn *txn, const struct caller *caller, int64_t now)
{
	struct arena *arena = txn->arena;
	uint8_t secret[SECRET_BYTES], digest[DIGEST_SIZE];

	arc4random_buf(secret, sizeof secret);
	char *ticket = base64url_encode(arena, secret, sizeof secret);
	digest_sha256(ticket, strlen(ticket), digest);
	txn_insert(txn, TICKETS,
		   DOC(arena, PAIR("_id", BCON_DIGEST(digest)), ID("user_id", &caller->id),
		       WHOLE("issued_at", caller->issued_at),
		       WHOLE("token_expires_at", caller->expires_at),
		       DATE("expires_at", now + TICKET_LIFE_MS)),
		   ERR_INTERNAL);
	return ticket;
}

/* Whoever removes it has it: of many at once, one. */
static enum err spend(struct db *db, struct arena *arena, const bson_t *filter)
{
	const bson_t *reply;
	enum err err = db_write(db, arena,
				DOC(arena, TEXT("delete", collection_name(TICKETS)),
				    LIST("deletes", ITEM(PART("q", filter), INT("limit", 1)))),
				&reply);

	if (err != OK)
		return err;
	return doc_whole(reply, "n", 0) == 1 ? OK : ERR_UNAUTHORIZED;
}

static enum err judge(const bson_t *ticket, const bson_t *user, int64_t now)
{
	if (doc_whole(ticket, "issued_at", -1) <= caller_refused_until(user))
		return ERR_UNAUTHORIZED;
	return now / 1000 >= doc_whole(ticket, "token_expires_at", 0) ? ERR_TOKEN_EXPIRED : OK;
}

enum err ticket_redeem(struct db *db, struct arena *arena, const char *ticket, int64_t now,
		       struct caller *caller)
{
	uint8_t digest[DIGEST_SIZE];
	const bson_t *found, *user = NULL;
	struct id user_id;

	digest_sha256(ticket, strlen(ticket), digest);
	/* the server removes what is over within a minute, not at once */
	bson_t *filter =
		DOC(arena, PAIR("_id", BCON_DIGEST(digest)), SUB("expires_at", DATE("$gt", now)));
	enum err err = db_find_one(db, arena, TICKETS, filter, NULL, &found);

	if (err == OK && found && doc_id(found, "user_id", &user_id))
		err = db_find_id(db, arena, USERS, &user_id, &user);
	if (err == OK)
		err = found ? judge(found, user, now) : ERR_UNAUTHORIZED;
	if (err == OK)
		err = spend(db, arena, filter);
	if (err != OK)
		return err;
	caller->issued_at = doc_whole(found, "issued_at", 0);
	caller->expires_at = doc_whole(found, "token_expires_at", 0);
	caller_from(user, caller);
	return OK;
}
