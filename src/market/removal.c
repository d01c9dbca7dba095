#include "market/removal.h"

#include "base/clock.h"
#include "base/log.h"
#include "market/alerts.h"
#include "market/ledger.h"
#include "market/removal_private.h"
#include "market/users.h"
#include "store/doc.h"

enum {
	ROUNDS = 4, /* looks for open business while others still move the user's coins */
	ROUND_PAUSE_MS = 50,
};

/* Longer than any call can take that began before the user was out. */
#define LOOK_AGAIN_AFTER CLOCK_MINUTE

/* ---- ordering ---- */

static bson_t *out_now(struct call *call)
{
	return DOC(call->arena, SUB("$set", BOOL("closing", true), DATE("closing_since", call->now),
				    ID("closing_by", &call->caller->id),
				    TEXT("closing_request", call->request_id)));
}

static enum err put_out(struct call *call, const bson_t *user, struct txn *txn)
{
	struct id id = doc_own_id(user);
	const char *role = doc_text(user, "role");
	bson_t *filter = user_active(call->arena, &id, ROLE_NONE);
	enum err err = role_of(role) == ROLE_ADMIN ? user_keep_an_admin(call, &id, txn) : OK;

	/* a worker may have become an admin since, perhaps the last */
	doc_unchanged(filter, user, "role");
	txn_update(txn, USERS, filter, out_now(call), ERR_CONFLICT);
	return err;
}

enum err removal_start(struct call *call, const struct id *id, struct txn *txn)
{
	struct arena *arena = call->arena;
	const bson_t *user;
	enum err err = db_find_id(call->db, arena, USERS, id, &user);

	if (err != OK)
		return err;
	if (!user)
		return ERR_NOT_FOUND;
	if (id_equal(id, &call->caller->id)) {
		call->detail->sentence = "Nobody removes themselves.";
		return ERR_CONFLICT;
	}
	if (doc_bool(user, "closing", false))
		txn_update(txn, USERS, DOC(arena, ID("_id", id), BOOL("closing", true)),
			   DOC(arena, SUB("$set", BOOL("closing", true))), ERR_CONFLICT);
	else
		err = put_out(call, user, txn);
	return err;
}

/* ---- the end ---- */

/* With the coins that were read, and nothing open any more. */
static bson_t *nothing_left(struct arena *arena, const bson_t *user)
{
	struct id id = doc_own_id(user);
	bson_t *filter = DOC(arena, ID("_id", &id), BOOL("closing", true));

	doc_unchanged(filter, user, "coins");
	bson_concat(filter, user_idle(arena));
	return filter;
}

static void forfeit(struct call *call, const struct id *user, const char *key, int64_t coins,
		    struct txn *txn)
{
	ledger_move(call, txn,
		    &(struct transfer){
			    .key = key,
			    .from = account_user(user),
			    .to = { .kind = ACCOUNT_FORFEITS },
			    .coins = coins,
			    .kind = "forfeit",
			    .on_miss = ERR_CONFLICT,
			    .taken = ERR_ALREADY_PROCESSED,
		    });
}

/* The user is gone, with what is forfeited; a document in META says that somebody must look again. */
void removal_end_plan(struct call *call, const bson_t *user, const char *key, int64_t coins,
		      struct txn *txn)
{
	struct arena *arena = txn->arena;
	struct id id = doc_own_id(user);

	txn_remove(txn, USERS, nothing_left(arena, user), ERR_CONFLICT);
	if (coins > 0)
		forfeit(call, &id, key, coins, txn);
	txn_insert(txn, META, DOC(arena, ID("_id", &id), DATE("removed_at", clock_now())),
		   ERR_CONFLICT);
}

static enum err take_away(struct removal *removal, const bson_t *user, const char *key,
			  int64_t coins)
{
	struct txn txn;

	txn_start(&txn, removal->arena);
	removal_end_plan(&removal->call, user, key, coins, &txn);
	return txn_commit(removal->call.db, &txn);
}

struct booked {
	const char *account;
	int64_t coins;
};

static bool booked_take(void *context, const bson_t *row)
{
	struct booked *booked = context;
	int64_t coins = doc_whole(row, "coins", 0);

	if (doc_text_is(row, "to", booked->account))
		booked->coins += coins;
	if (doc_text_is(row, "from", booked->account))
		booked->coins -= coins;
	return true;
}

/* Removed before, and restored from a backup since: their coins are forfeited already, but for what came to them after
 * that, as the journal says. */
static enum err take_away_again(struct removal *removal, const bson_t *user, const char *key)
{
	struct arena *arena = removal->arena;
	struct account account = account_user(&removal->user);
	struct booked booked = { .account = account_name(arena, &account) };
	enum err err = db_each(removal->call.db, LEDGER, DOC(arena, ID("user", &removal->user)),
			       NULL, booked_take, &booked);
	long long since = doc_date(user, "closing_since", 0);

	return err == OK ? take_away(removal, user, arena_printf(arena, "%s:%lld", key, since),
				     booked.coins) :
			   err;
}

static enum err finish(struct removal *removal)
{
	struct arena *arena = removal->arena;
	const char *key = arena_printf(arena, "forfeit:%s", id_text(arena, &removal->user));
	const bson_t *user;
	enum err err = db_find_id(removal->call.db, arena, USERS, &removal->user, &user);

	if (err != OK || !user)
		return err;
	err = take_away(removal, user, key, doc_whole(user, "coins", 0));
	if (err == ERR_ALREADY_PROCESSED)
		err = take_away_again(removal, user, key);
	int64_t owed = doc_whole(user, "owed_coins", 0);
	if (err == OK && owed > 0)
		log_line(LOG_ERROR, removal->call.request_id,
			 "ALERT: " ALERT_REMOVED_OWING ": user %s owed %lld coins",
			 id_text(arena, &removal->user), (long long)owed);
	return err;
}

/* ---- the job ---- */

static void removal_open(struct removal *removal, struct db *db, const struct id *user,
			 int64_t max_ms)
{
	*removal = (struct removal){
		.call = { .arena = arena_new(), .db = db, .now = clock_now() },
		.arena = arena_new(),
		.user = *user,
		.until = clock_steady() + max_ms,
	};
	removal->call.caller = &removal->admin;
	removal->call.detail = &removal->detail;
	removal->call.request_id = "removal";
}

static void removal_close(struct removal *removal)
{
	arena_free(removal->call.arena);
	arena_free(removal->arena);
}

/* From now on it acts as the admin who ordered it. */
static enum err order_read(struct removal *removal)
{
	const bson_t *user;
	enum err err = db_find_id(removal->call.db, removal->arena, USERS, &removal->user, &user);

	if (err != OK)
		return err;
	if (!user || !doc_bool(user, "closing", false))
		return ERR_NOT_FOUND;
	const char *request_id = doc_text(user, "closing_request");
	if (request_id)
		removal->call.request_id = request_id;
	removal->admin.known = doc_id(user, "closing_by", &removal->admin.id);
	removal->admin.role = ROLE_ADMIN;
	return OK;
}

/* A balance that still moved, or work that came to light, sends it round again. */
static enum err rounds(struct removal *removal)
{
	enum err err = ERR_CONFLICT;

	for (int round = 0; round < ROUNDS && err == ERR_CONFLICT; round++) {
		if (round)
			clock_sleep(ROUND_PAUSE_MS);
		err = removal_end_business(removal);
		if (err == OK)
			err = removal_tidy(removal);
		if (err == OK)
			err = finish(removal);
	}
	return err;
}

enum err removal_go_on(struct db *db, const struct id *user, int64_t max_ms)
{
	struct removal removal;
	char hex[ID_HEX_LENGTH + 1];

	removal_open(&removal, db, user, max_ms);
	enum err err = order_read(&removal);
	if (err == OK)
		err = rounds(&removal);
	id_hex(user, hex);
	if (err == OK)
		log_line(LOG_INFO, removal.call.request_id, "user %s is removed", hex);
	else if (err == ERR_CONFLICT)
		log_line(LOG_WARN, removal.call.request_id,
			 "user %s cannot be removed yet: open business or moving coins", hex);
	removal_close(&removal);
	return err;
}

/* ---- a last look ---- */

bson_t *removal_look_due(struct arena *arena, int64_t now)
{
	return DOC(arena, SUB("removed_at", DATE("$lte", now - LOOK_AGAIN_AFTER)));
}

enum err removal_look_again(struct db *db, const struct id *user, int64_t max_ms)
{
	struct removal removal;

	removal_open(&removal, db, user, max_ms);
	enum err err = removal_tidy(&removal);
	if (err == OK)
		err = db_remove(db, removal.arena, META, DOC(removal.arena, ID("_id", user)), true);
	removal_close(&removal);
	return err;
}
