/* Shared by the files about payments. */
#ifndef MARKET_PAYMENTS_PRIVATE_H
#define MARKET_PAYMENTS_PRIVATE_H

#include "market/payments.h"

/* Reads the payment that was completed with a transaction. ERR_NOT_FOUND. */
enum err payment_by_transaction(struct call *call, const char *transaction,
				struct payment *payment);

/* Alerts a person to money that fits no payment. what: one of market/alerts.h. */
void payment_alert(const struct call *call, const struct receipt *receipt, const char *what);

/* What the provider is asked for. */
struct order payment_order(const struct payment *payment, const char *method);

#endif
