#include "auth/throttle.h"

#include "base/count.h"
#include "base/digest.h"
#include "base/email.h"
#include "base/encoding.h"
#include "base/network.h"
#include "store/doc.h"

#include <limits.h>
#include <string.h>

enum { TRIES_MAX = 10 };

/* A window that runs; count 0: none does. */
struct window {
	int64_t count, ends;
};

/* ---- keys ---- */

static const char *key_account(struct arena *arena, const char *address, const char *email)
{
	/* as an account is looked up: else each spelling had guesses of its own */
	const char *folded = email_fold(arena, email);
	uint8_t hash[DIGEST_SIZE];
	char hex[2 * DIGEST_SIZE + 1];

	digest_sha256(folded, strlen(folded), hash);
	hex_encode(hash, sizeof hash, hex);
	return arena_printf(arena, "login:%s:%s", hex, network_of(arena, address));
}

static const char *key_address(struct arena *arena, const char *address)
{
	return arena_printf(arena, "login:%s", network_of(arena, address));
}

/* ---- counting ---- */

static struct window window_of(const bson_t *doc, int64_t now)
{
	struct window window = { .ends = doc_date(doc, "expires_at", 0) };

	/* the server removes what is over within a minute, not at once */
	if (window.ends > now)
		window.count = doc_whole(doc, "count", 0);
	return window;
}

/* Counts in a window, which begins anew when it is over. A count of 0: there is no window. */
static enum err window_count(struct db *db, struct arena *arena, const char *key, int64_t length,
			     int64_t now, struct window *window)
{
	const bson_t *reply;
	bson_t doc;
	bson_t *runs = DOC(arena, LIST("$gt", BCON_UTF8("$expires_at"), BCON_DATE_TIME(now)));
	enum err err = db_write(
		db, arena,
		DOC(arena, TEXT("findAndModify", collection_name(THROTTLE)),
		    SUB("query", TEXT("_id", key)),
		    LIST("update", STAGE("$set",
					 SUB("count", LIST("$cond", BCON_DOCUMENT(runs),
							   ITEM(LIST("$add", BCON_UTF8("$count"),
								     BCON_INT64(1))),
							   BCON_INT64(1))),
					 SUB("expires_at", LIST("$cond", BCON_DOCUMENT(runs),
								BCON_UTF8("$expires_at"),
								BCON_DATE_TIME(now + length))))),
		    BOOL("new", true)),
		&reply);

	*window = (struct window){ 0 };
	if (err == OK && doc_part(reply, "value", &doc))
		*window = window_of(&doc, now);
	return err;
}

/* Begins the first window of a key; not, when another call did. */
static enum err window_begin(struct db *db, struct arena *arena, const char *key, int64_t length,
			     int64_t now, struct window *window)
{
	const bson_t *reply;
	enum err err = db_write(db, arena,
				DOC(arena, TEXT("insert", collection_name(THROTTLE)),
				    LIST("documents", ITEM(TEXT("_id", key), WHOLE("count", 1),
							   DATE("expires_at", now + length)))),
				&reply);

	if (err == OK && doc_whole(reply, "n", 0) == 1)
		*window = (struct window){ .count = 1, .ends = now + length };
	return err;
}

/* Two steps rather than an upsert, whose collision with another's looks like any other failure. */
static enum err count(struct db *db, struct arena *arena, const char *key, int64_t length,
		      int64_t now, struct window *window)
{
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		enum err err = window_count(db, arena, key, length, now, window);

		if (err == OK && !window->count)
			err = window_begin(db, arena, key, length, now, window);
		if (err != OK || window->count)
			return err;
	}
	return ERR_UNAVAILABLE;
}

static enum err window_refuse(const struct window *window, int64_t now, int *retry_after)
{
	int64_t seconds = (window->ends - now + 999) / 1000;

	if (seconds > *retry_after)
		*retry_after = seconds < INT_MAX ? (int)seconds : INT_MAX;
	return ERR_TOO_MANY_REQUESTS;
}

/* ---- logins ---- */

struct login {
	const char *account_key;
	struct window account, address;
	int64_t now;
};

static bool login_take(void *context, const bson_t *doc)
{
	struct login *login = context;
	const char *key = doc_text(doc, "_id");

	if (key && !strcmp(key, login->account_key))
		login->account = window_of(doc, login->now);
	else
		login->address = window_of(doc, login->now);
	return true;
}

enum err throttle_login_check(struct db *db, struct arena *arena, const char *address,
			      const char *email, int64_t limit, int64_t now, int *retry_after)
{
	struct login login = { .account_key = key_account(arena, address, email), .now = now };
	bson_t *filter = DOC(arena, SUB("_id", LIST("$in", BCON_UTF8(login.account_key),
						    BCON_UTF8(key_address(arena, address)))));

	*retry_after = 0;
	enum err err = limit > 0 ? db_each(db, THROTTLE, filter, NULL, login_take, &login) : OK;
	if (limit <= 0 || err != OK)
		return err;
	if (login.account.count >= limit)
		err = window_refuse(&login.account, now, retry_after);
	if (login.address.count >= limit * THROTTLE_ADDRESS_TIMES)
		err = window_refuse(&login.address, now, retry_after);
	return err;
}

enum err throttle_login_failed(struct db *db, struct arena *arena, const char *address,
			       const char *email, int64_t limit, int64_t now)
{
	const char *keys[] = { key_account(arena, address, email), key_address(arena, address) };
	struct window window;
	enum err err = OK;

	for (size_t i = 0; i < COUNT_OF(keys) && limit > 0 && err == OK; i++)
		err = count(db, arena, keys[i], THROTTLE_LOGIN_MS, now, &window);
	return err;
}

enum err throttle_login_succeeded(struct db *db, struct arena *arena, const char *address,
				  const char *email, int64_t limit)
{
	if (limit <= 0)
		return OK;
	return db_remove(db, arena, THROTTLE,
			 DOC(arena, TEXT("_id", key_account(arena, address, email))), true);
}

/* ---- registrations ---- */

enum err throttle_register(struct db *db, struct arena *arena, const char *address, int64_t limit,
			   int64_t now, int *retry_after)
{
	const char *key = arena_printf(arena, "register:%s", network_of(arena, address));
	struct window window;

	*retry_after = 0;
	if (limit <= 0)
		return OK;
	enum err err = count(db, arena, key, THROTTLE_REGISTER_MS, now, &window);
	if (err == OK && window.count > limit)
		err = window_refuse(&window, now, retry_after);
	return err;
}
