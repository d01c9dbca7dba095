/*
 * Payments: coins for money (contract section 7).
 *
 * A payment's record is committed as pending before its provider is asked for anything, and the provider is asked
 * outside any transaction. Whoever learns that it was paid, its buyer's call, the provider's message or the sweep,
 * credits it by payment_credit(), which happens once.
 */
#ifndef MARKET_PAYMENTS_H
#define MARKET_PAYMENTS_H

#include "market/market.h"
#include "market/packages.h"
#include "market/status.h"
#include "providers/provider.h"
#include "store/list.h"

/* A payment's record, and what becomes known of it. */
struct payment {
	struct id id, buyer;
	int64_t coins, cents;
	const bson_t *doc; /* as last read or made */
	const char *intent; /* the provider's id for it; NULL: not known */
	const char *client_secret; /* by which the buyer's page pays; NULL: none */
	const char *transaction; /* by which it was paid; NULL: not known */
	bool resumed; /* an earlier call with the same key opened it, and may have ordered it */
	bool went_back; /* payment_credit() also takes coins back */
	int64_t balance; /* its buyer's, if payment_credit() had nothing to do */
};

/* A new pending record. Inserted: PAYMENTS. */
void payment_open(struct call *call, const struct provider *provider, const struct package *package,
		  struct payment *payment, struct txn *txn);

/* The next three ask the configured provider (providers/provider.h), outside any transaction. */

/* Orders a payment that the buyer's page will pay. Sets intent and client_secret. */
enum err payment_ask(struct call *call, struct payment *payment);
/* Takes the money at once. Sets transaction. ERR_PAYMENT_REQUIRED when it was declined, or when the bank wants a
 * further step, for which detail has the clientSecret. */
enum err payment_charge(struct call *call, struct payment *payment, const char *method);
/* Was the payment paid by this transaction? Sets transaction; ERR_CONFLICT if not. */
enum err payment_check(struct call *call, struct payment *payment, const char *transaction);

/* Reads a payment. ERR_NOT_FOUND. */
enum err payment_read(struct call *call, const struct id *id, struct payment *payment);
/* The same, and ERR_NOT_OWNER unless it is the caller's. */
enum err payment_read_own(struct call *call, const struct id *id, struct payment *payment);
bool payment_is(const struct payment *payment, enum status status);

/* Keeps the intent with the record. Found: PAYMENTS. */
void payment_keep_intent(struct call *call, const struct payment *payment, struct txn *txn);

/*
 * Completes a payment that was paid by payment->transaction, even if it had failed before, and gives its buyer the
 * coins. Reads the record again; if this transaction has completed it before, nothing is left to do, and payment has
 * what is stored. ERR_CONFLICT when another transaction has completed it, or this one has paid another payment. The
 * steps end with ERR_NOT_FOUND when the buyer is gone, and ERR_BUSY when somebody else changed the payment. Found:
 * PAYMENTS, USERS.
 */
enum err payment_credit(struct call *call, struct payment *payment, struct txn *txn);
/* To be called once payment_credit() is committed: alerts a person if some of the money has gone back. */
void payment_credited(struct call *call, const struct payment *payment);
/* Does both and commits, with more tries than usual, as others may be at the same payment. */
enum err payment_credit_now(struct call *call, struct payment *payment);

/* Marks a pending payment failed, and commits that. for_good: it cannot be paid any more. A completed payment
 * stays so. */
enum err payment_fail_now(struct call *call, struct payment *payment, bool for_good);

/* GET /history: the caller's own payments, and the sum of those completed, in cents. */
void payment_list_own(struct call *call, struct list *list);
enum err payment_total_own(struct call *call, int64_t *cents);

/* These read records of an older server, too, which have other names for the fields. */
int64_t payment_coins(const bson_t *doc);
int64_t payment_cents(const bson_t *doc);

#endif
