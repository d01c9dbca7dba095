/*
 * Money that goes back: refunds and disputes take a payment's coins back from its buyer, disputes that are won return
 * them.
 *
 * They are about a transaction. While no payment is completed with it, what is told is noted in META by its name, and
 * the change that completes one takes the note along. Both write the payment, so that of two in the same moment
 * one sees the other; where it is not known which payment that will be, the sweep sees both. So it is with a payment
 * or a buyer who is not adopted yet: the note waits for that.
 */
#include "market/payments_settle.h"

#include "base/clock.h"
#include "base/log.h"
#include "market/alerts.h"
#include "market/ledger.h"
#include "market/payments_reversal.h"
#include "market/status.h"
#include "store/doc.h"
#include "store/mark.h"

#include <string.h>
#include <strings.h>

#define NOTE_PREFIX "reversal:"
/* Longer than a change can take that completes a payment and did not see the note. */
#define NOTE_MEETS_MS (60 * CLOCK_MINUTE)
/* A payment that is not completed by then never is. */
#define NOTE_LASTS_MS (30 * CLOCK_DAY)
/* How long a change of a payment is tried again while others change it. */
#define TOLD_MS (5 * CLOCK_SECOND)

/* ---- notes of what is told too early ---- */

static const char *note_name(struct arena *arena, const char *transaction)
{
	return arena_printf(arena, NOTE_PREFIX "%s", transaction);
}

static enum err note_read(struct call *call, const char *transaction, const bson_t **note)
{
	return db_find_one(call->db, call->arena, META,
			   DOC(call->arena, TEXT("_id", note_name(call->arena, transaction))), NULL,
			   note);
}

static bson_t *note_as_read(struct arena *arena, const bson_t *note)
{
	return DOC(arena, TEXT("_id", doc_text(note, "_id")),
		   WHOLE("rev", doc_whole(note, "rev", 0)));
}

static void note_write(struct call *call, const char *transaction, const bson_t *note,
		       const struct reversals *known, bool unadopted, struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *set = reversals_doc(arena, known);

	BSON_APPEND_DATE_TIME(set, "reversal_at", call->now);
	BSON_APPEND_BOOL(set, "unadopted", unadopted);
	if (note) {
		txn_update(txn, META, note_as_read(arena, note),
			   DOC(arena, PART("$set", set), SUB("$inc", WHOLE("rev", 1))),
			   ERR_CONFLICT);
		return;
	}
	bson_t *doc = DOC(arena, TEXT("_id", note_name(arena, transaction)), WHOLE("rev", 1));
	bson_concat(doc, set);
	txn_insert(txn, META, doc, ERR_CONFLICT);
}

enum err payment_noted(struct call *call, const struct payment *payment, struct noted *noted)
{
	const struct provider *provider = provider_of(call->config);
	struct reversals told;
	enum err err = OK;

	*noted = (struct noted){ 0 };
	if (provider && !provider->untold && provider->is_transaction(payment->transaction))
		err = note_read(call, payment->transaction, &noted->note);
	if (err != OK || !noted->note)
		return err;
	reversals_read(noted->note, &told);
	noted->news = reversal_of(call, payment, &told, &noted->reversing);
	err = reversal_read_buyer(&noted->reversing);
	return err == OK && noted->news ? admins_read(call, &noted->reversing.admins) : err;
}

void payment_noted_plan(struct noted *noted, struct txn *txn)
{
	if (noted->note)
		txn_remove(txn, META, note_as_read(txn->arena, noted->note), ERR_BUSY);
	if (noted->news)
		reversal_plan(&noted->reversing, txn);
}

/* ---- what is told ---- */

struct told {
	struct call *call;
	const char *transaction;
	const char *named; /* the payment that it names; NULL: none */
	struct reversals more;
	struct payment payment;
	const bson_t *open; /* the payment that it may yet complete; NULL: none is known */
	bool waits; /* nothing can be done yet: no payment was completed with the transaction, or */
	bool unadopted; /* … the payment, or its buyer, has no mark */
	bool went_back; /* what was planned moves coins */
};

static enum err open_read(struct told *told)
{
	struct call *call = told->call;
	const bson_t *found = NULL;
	struct id id;
	enum err err = OK;

	if (told->named && id_parse(told->named, strlen(told->named), &id))
		err = db_find_id(call->db, call->arena, PAYMENTS, &id, &found);
	if (err == OK && !found)
		err = db_find_one(call->db, call->arena, PAYMENTS,
				  DOC(call->arena, TEXT("intent_id", told->transaction)), NULL,
				  &found);
	told->open = found && !status_is(found, STATUS_COMPLETED) ? found : NULL;
	return err;
}

/* Whoever is completing it looks for the note anew; where it has been completed, this change is planned anew. */
static void open_stays(const struct told *told, struct txn *txn)
{
	struct arena *arena = told->call->arena;
	struct id id = doc_own_id(told->open);

	txn_update(txn, PAYMENTS, DOC(arena, ID("_id", &id), STATUS_NOT(COMPLETED)),
		   DOC(arena, SUB("$inc", WHOLE("reversal_notes", 1))), ERR_CONFLICT);
	txn_of_any(txn);
}

static enum err told_early(struct told *told, const bson_t *note, struct txn *txn)
{
	struct reversals known = { 0 };

	told->waits = true;
	if (note)
		reversals_read(note, &known);
	bool news = reversals_join(&known, &told->more);
	if (news || (note && told->unadopted != doc_bool(note, "unadopted", false)))
		note_write(told->call, told->transaction, note, &known, told->unadopted, txn);
	if (news && told->open)
		open_stays(told, txn);
	return OK;
}

/* An older server's payment has no key of ours: is there one that waits to be adopted? */
static enum err told_of_nothing(struct told *told, const bson_t *note, struct txn *txn)
{
	struct call *call = told->call;
	const bson_t *found;
	enum err err =
		db_find_one(call->db, call->arena, PAYMENTS,
			    DOC(call->arena, TEXT("transaction_id", told->transaction), NONE(MARK)),
			    NULL, &found);

	told->unadopted = found != NULL;
	return err == OK ? told_early(told, note, txn) : err;
}

static enum err told_moves(struct told *told, struct reversing *reversing, struct txn *txn)
{
	struct call *call = told->call;

	if (reversing->buyer && reversing->after > reversing->before)
		ledger_hold_still(call, txn, &told->payment.buyer, ERR_CONFLICT);
	enum err err = admins_read(call, &reversing->admins);
	reversal_plan(reversing, txn);
	return err;
}

static enum err told_of_payment(struct told *told, const bson_t *note, struct txn *txn)
{
	struct call *call = told->call;
	struct reversing *reversing = arena_alloc(call->arena, sizeof *reversing);
	struct reversals noted = { 0 };

	if (note)
		reversals_read(note, &noted);
	reversals_join(&told->more, &noted);
	bool news = reversal_of(call, &told->payment, &told->more, reversing);
	enum err err = reversal_read_buyer(reversing);
	if (err != OK)
		return err;
	told->unadopted =
		!is_marked(told->payment.doc) || (reversing->buyer && !is_marked(reversing->buyer));
	if (told->unadopted)
		return told_early(told, note, txn);
	told->waits = false;
	told->went_back = news;
	if (note)
		txn_remove(txn, META, note_as_read(call->arena, note), ERR_CONFLICT);
	return news ? told_moves(told, reversing, txn) : OK;
}

static enum err told_build(void *context, struct txn *txn)
{
	struct told *told = context;
	struct call *call = told->call;
	const bson_t *note;
	enum err err = note_read(call, told->transaction, &note);

	told->went_back = false;
	/* before it is looked whether one was completed: in between it may be */
	if (err == OK)
		err = open_read(told);
	if (err == OK)
		err = payment_by_transaction(call, told->transaction, &told->payment);
	if (err == ERR_NOT_FOUND)
		return told_of_nothing(told, note, txn);
	return err == OK ? told_of_payment(told, note, txn) : err;
}

/* Others at the same payment or user may be quicker a few times. */
static enum err told_carry_out(struct told *told)
{
	struct call *call = told->call;
	int64_t until = clock_steady() + TOLD_MS;
	enum err err;

	do
		err = txn_carry_out(call->db, call->arena, told_build, told, NULL);
	while (err == ERR_CONFLICT && clock_steady() < until);
	if (err == OK && told->went_back)
		reversal_alert(call, &told->payment.id);
	return err == ERR_CONFLICT || err == ERR_NOT_ADOPTED ? ERR_UNAVAILABLE : err;
}

/* ---- events ---- */

static void alert(const struct call *call, const struct money_back *back, const char *what)
{
	log_line(LOG_ERROR, call->request_id,
		 "ALERT: %s: intent %s of payment %s, dispute %s %s, %lld cents %s", what,
		 back->transaction ? back->transaction : "-", back->payment ? back->payment : "-",
		 back->dispute ? back->dispute : "-", back->status ? back->status : "-",
		 (long long)back->cents.value, back->currency ? back->currency : "-");
}

/* What an event says; NULL, or a sentence about why nobody can tell. */
static const char *event_take(const struct provider_event *event, const struct money_back *back,
			      struct told *told)
{
	bool closed = event->news == NEWS_DISPUTE_CLOSED;
	struct dispute dispute = { .id = back->dispute,
				   .cents = back->cents.value,
				   .told_at = event->created };

	if (!back->transaction ||
	    !provider_of(told->call->config)->is_transaction(back->transaction) ||
	    !back->cents.given || back->cents.value < 0)
		return ALERT_BACK_UNREADABLE;
	if (back->currency && strcasecmp(back->currency, "usd"))
		return ALERT_BACK_CURRENCY;
	told->transaction = back->transaction;
	told->named = back->payment;
	if (event->news == NEWS_REFUNDED) {
		told->more.refunded = back->cents.value;
		return NULL;
	}
	if (!back->dispute || (closed && back->verdict == VERDICT_NONE))
		return ALERT_DISPUTE_UNREADABLE;
	if (closed)
		dispute.state = back->verdict == VERDICT_WON ? DISPUTE_WON : DISPUTE_LOST;
	told->more.disputes[told->more.count++] = dispute;
	return NULL;
}

/* Where an event names our payment alone: what is known here to pay it. */
static enum err transaction_fill(struct call *call, struct money_back *back)
{
	struct payment payment;
	struct id id;

	if (back->transaction || !back->payment ||
	    !id_parse(back->payment, strlen(back->payment), &id))
		return OK;
	enum err err = payment_read(call, &id, &payment);
	if (err == OK)
		back->transaction = payment_is(&payment, STATUS_COMPLETED) ?
					    doc_text(payment.doc, "transaction_id") :
					    payment.intent;
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err payment_back_told(struct call *call, const struct provider_event *event)
{
	struct money_back back = event->back;
	struct told told = { .call = call };

	if (event->news == NEWS_OTHER)
		return OK;
	enum err err = transaction_fill(call, &back);
	const char *problem = err == OK ? event_take(event, &back, &told) : NULL;
	if (err == OK && !problem)
		err = told_carry_out(&told);
	if (err == OK && told.waits && !told.open)
		problem = ALERT_BACK_OF_NOTHING;
	if (err == OK && told.unadopted)
		problem = ALERT_BACK_NOT_ADOPTED;
	if (err == ERR_ALREADY_PROCESSED) {
		problem = ALERT_BACK_RESTORED;
		err = OK;
	}
	if (problem)
		alert(call, &back, problem);
	return err;
}

/* ---- the sweep ---- */

struct settling {
	struct call *call;
	int64_t done;
	enum err err;
};

static bool note_settle(void *context, const bson_t *note)
{
	struct settling *settling = context;
	struct call *call = settling->call;
	const char *name = doc_text(note, "_id");
	struct told told = { .call = call };

	if (!name || strncmp(name, NOTE_PREFIX, strlen(NOTE_PREFIX)))
		return true;
	told.transaction = arena_text(call->arena, name + strlen(NOTE_PREFIX));
	enum err err = told_carry_out(&told);
	bool restored = err == ERR_ALREADY_PROCESSED;
	bool in_vain = err == OK && told.waits && !told.unadopted &&
		       doc_date(note, "reversal_at", 0) < call->now - NOTE_LASTS_MS;
	if (restored)
		alert(call, &(struct money_back){ .transaction = told.transaction },
		      ALERT_BACK_RESTORED);
	settling->done += err == OK && !told.waits;
	settling->err = restored || in_vain ? db_remove(call->db, call->arena, META,
							note_as_read(call->arena, note), true) :
					      err;
	return settling->err == OK;
}

enum err payments_back_settle(struct call *call, int64_t *done)
{
	struct settling settling = { .call = call };
	enum err err = db_each(
		call->db, META,
		DOC(call->arena,
		    LIST("$or", ITEM(SUB("reversal_at", DATE("$gte", call->now - NOTE_MEETS_MS))),
			 ITEM(SUB("reversal_at", DATE("$lt", call->now - NOTE_LASTS_MS))),
			 ITEM(BOOL("unadopted", true)))),
		NULL, note_settle, &settling);

	*done = settling.done;
	return err != OK ? err : settling.err;
}
