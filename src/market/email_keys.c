#include "market/email_keys.h"

#include "base/email.h"
#include "store/doc.h"
#include "store/txn.h"

#include <inttypes.h>

struct renewal {
	struct arena *arena;
	struct doc_array users; /* those with another key than their address has */
};

static bool user_take(void *context, const bson_t *user)
{
	struct renewal *renewal = context;

	doc_array_doc(&renewal->users, user);
	return true;
}

/* MongoDB's $toLower folds as email_fold() does. */
static enum err users_find(struct db *db, struct renewal *renewal)
{
	struct arena *arena = renewal->arena;

	return db_each(db, USERS,
		       DOC(arena, SUB("email", TEXT("$type", "string")),
			   SUB("email_key", BOOL("$exists", true)),
			   SUB("$expr", LIST("$ne", BCON_UTF8("$email_key"),
					     ITEM(TEXT("$toLower", "$email"))))),
		       DOC(arena, SUB("projection", INT("email", 1), INT("email_key", 1))),
		       user_take, renewal);
}

static enum err key_change(struct db *db, struct arena *arena, const bson_t *user,
			   const bson_t *change)
{
	struct id id = doc_own_id(user);
	bson_t *filter = DOC(arena, ID("_id", &id));
	struct txn txn;

	doc_unchanged(filter, user, "email");
	doc_unchanged(filter, user, "email_key");
	txn_start(&txn, arena);
	txn_update(&txn, USERS, filter, change, ERR_CONFLICT);
	return txn_commit(db, &txn);
}

static enum err key_renew(struct db *db, struct arena *arena, const bson_t *user)
{
	const char *key = email_fold(arena, doc_text(user, "email"));
	enum err err = key_change(db, arena, user, DOC(arena, SUB("$set", TEXT("email_key", key))));

	if (err == ERR_CONFLICT)
		err = key_change(db, arena, user, DOC(arena, SUB("$unset", TEXT("email_key", ""))));
	/* another run has changed it meanwhile, as nothing else does */
	return err == ERR_CONFLICT ? OK : err;
}

static enum err done_note(struct db *db, struct arena *arena)
{
	struct txn txn;

	txn_start(&txn, arena);
	txn_insert(&txn, META, DOC(arena, TEXT("_id", "email_keys"), TEXT("fold", "ascii")),
		   ERR_CONFLICT);
	enum err err = txn_commit(db, &txn);
	return err == ERR_CONFLICT ? OK : err;
}

static enum err keys_renew(struct db *db, struct renewal *renewal)
{
	bson_iter_t at;
	bson_t user;
	enum err err = OK;

	bson_iter_init(&at, renewal->users.doc);
	while (err == OK && bson_iter_next(&at) &&
	       doc_part(renewal->users.doc, bson_iter_key(&at), &user))
		err = key_renew(db, renewal->arena, &user);
	return err == OK ? done_note(db, renewal->arena) : err;
}

static enum err renew(struct db *db, struct renewal *renewal, bool dry_run, FILE *report)
{
	const bson_t *done;
	enum err err = db_find_one(db, renewal->arena, META,
				   DOC(renewal->arena, TEXT("_id", "email_keys")), NULL, &done);

	if (err != OK || done)
		return err;
	err = users_find(db, renewal);
	if (err == OK && renewal->users.count)
		fprintf(report, "users: %" PRIu32 " keys of addresses %s anew\n",
			renewal->users.count, dry_run ? "to be made" : "made");
	return err == OK && !dry_run ? keys_renew(db, renewal) : err;
}

enum err email_keys_renew(struct db *db, bool dry_run, FILE *report, int64_t *renewed)
{
	struct renewal renewal = { .arena = arena_new() };

	renewal.users = doc_array_new(renewal.arena);
	enum err err = renew(db, &renewal, dry_run, report);
	*renewed = renewal.users.count;
	arena_free(renewal.arena);
	return err;
}
