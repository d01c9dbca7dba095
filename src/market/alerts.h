/*
 * Lines in the log that begin with "ALERT: ", about what only a person can put right. docs/operations.md has a row for
 * each of these texts, with what it means and what to do; a test compares.
 */
#ifndef MARKET_ALERTS_H
#define MARKET_ALERTS_H

#define ALERT_CHARGED_ANOTHER_AMOUNT "another amount was charged than ordered"
#define ALERT_PAID_ANOTHER_AMOUNT "another amount was paid than ordered"
#define ALERT_NOT_ORDERED "not what was ordered, nothing credited"
#define ALERT_BUYER_GONE "the buyer is gone, nothing credited"
#define ALERT_PAID_TWICE "paid twice, nothing credited"
#define ALERT_NOT_ADOPTED "for a record that is not adopted, nothing credited"
#define ALERT_NO_PAYMENT "no payment of ours"

#define ALERT_WENT_BACK "a payment went back"
#define ALERT_BACK_OF_NOTHING "money went back that bought nothing here"
#define ALERT_BACK_NOT_ADOPTED "money went back of what is not adopted, no coins taken yet"
#define ALERT_BACK_RESTORED "money went back for a restored payment, no coins moved"
#define ALERT_BACK_UNREADABLE "money went back, and it cannot be read of what"
#define ALERT_BACK_CURRENCY "money went back in another currency, no coins taken"
#define ALERT_DISPUTE_UNREADABLE "a dispute cannot be read, no coins moved"
#define ALERT_REMOVED_OWING "a removed user leaves a debt"

#endif
