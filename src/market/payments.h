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
#include "market/status.h"
#include "providers/provider.h"
#include "store/list.h"

/* A record, and what is found out about it. */
struct payment {
	struct id id, buyer;
	int64_t coins, cents;
	const bson_t *doc; /* as last read or made */
	const char *intent; /* what the provider calls it; NULL: not known */
	const char *client_secret; /* with it the buyer's page pays; NULL: none */
	const char *transaction; /* by which it was paid; NULL: it is not known to be */
	bool resumed; /* an earlier call with the same key opened it, and may have ordered it */
	bool went_back; /* payment_credit() takes coins back, too */
	int64_t balance; /* of its buyer, where payment_credit() had nothing to do */
};

/* A new pending record. Inserted: PAYMENTS. */
void payment_open(struct call *call, const struct provider *provider, const struct package *package,
		  struct payment *payment, struct txn *txn);

/* What is asked of the configured provider (providers/provider.h), outside any transaction. */
/* Asks for money that the buyer's page will pay: finds intent and client_secret. */
enum err payment_ask(struct call *call, struct payment *payment);
/* Takes the money: finds transaction. ERR_PAYMENT_REQUIRED when it was declined, or when the bank wants a further step,
 * for which detail has the clientSecret. */
enum err payment_charge(struct call *call, struct payment *payment, const char *method);
/* Was the payment paid by this transaction? Finds transaction, or ERR_CONFLICT. */
enum err payment_check(struct call *call, struct payment *payment, const char *transaction);

/* ERR_NOT_FOUND. */
enum err payment_read(struct call *call, const struct id *id, struct payment *payment);
/* The caller's own; ERR_NOT_OWNER. */
enum err payment_read_own(struct call *call, const struct id *id, struct payment *payment);
bool payment_is(const struct payment *payment, enum status status);

/* Keeps the provider's name for it with the record. Found: PAYMENTS. */
void payment_keep_intent(struct call *call, const struct payment *payment, struct txn *txn);

/*
 * It was paid by payment->transaction: completes it, also when it had failed, and gives its buyer the coins. Reads it
 * afresh; when it was completed by this transaction before, there is nothing to do and payment tells how things are.
 * ERR_CONFLICT when it was completed by another, or the transaction is another payment's; ERR_NOT_FOUND (when run) when
 * its buyer is gone, ERR_BUSY when others changed it meanwhile. Found: PAYMENTS, USERS.
 */
enum err payment_credit(struct call *call, struct payment *payment, struct txn *txn);
/* Once that has happened: a person is told, should money of it have gone back. */
void payment_credited(struct call *call, const struct payment *payment);
/* Both, committed here, with tries enough for whoever else is at it. */
enum err payment_credit_now(struct call *call, struct payment *payment);

/* A pending one has failed; for good: nothing more can come of it. Committed here. A completed one stays. */
enum err payment_fail_now(struct call *call, struct payment *payment, bool for_good);

/* GET /history: the caller's own, and the cents of those completed. */
void payment_list_own(struct call *call, struct list *list);
enum err payment_total_own(struct call *call, int64_t *cents);

/* Older records have only the older names of these. */
int64_t payment_coins(const bson_t *doc);
int64_t payment_cents(const bson_t *doc);

#endif
