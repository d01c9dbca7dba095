/* Shared by the parts of payments. */
#ifndef MARKET_PAYMENTS_PRIVATE_H
#define MARKET_PAYMENTS_PRIVATE_H

#include "market/payments.h"

/* ERR_CONFLICT with a sentence. */
enum err payment_conflict(struct call *call, const char *sentence);

/* The one that was completed with a transaction. ERR_NOT_FOUND. */
enum err payment_by_transaction(struct call *call, const char *transaction,
				struct payment *payment);

/* Money that cannot be matched: an error in the log, for a person to look into. */
void payment_alert(const struct call *call, const struct receipt *receipt, const char *what);

/* What is, or was, ordered. */
struct order payment_order(const struct payment *payment, const char *method);

#endif
