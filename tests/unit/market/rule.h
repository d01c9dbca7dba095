/* What tests of money rules share: a call without a database, people and records with ids that can be read, and looking
 * at a transaction's steps as values. */
#ifndef TESTS_MARKET_RULE_H
#define TESTS_MARKET_RULE_H

#include "auth/caller.h"
#include "market/market.h"
#include "store/doc.h"

#include <check.h>

/* Ids as hex digits. */
#define WORKER "aaaaaaaaaaaaaaaaaaaaaaaa"
#define BUYER "bbbbbbbbbbbbbbbbbbbbbbbb"
#define ADMIN "cccccccccccccccccccccccc"
#define TASK "111111111111111111111111"
#define WORK "222222222222222222222222"
#define WITHDRAWAL "333333333333333333333333"
#define PAYMENT "444444444444444444444444"

/* In the JSON of documents. */
#define OID(hex) "{\"$oid\": \"" hex "\"}"
#define NOW "{\"$date\": {\"$numberLong\": \"1900000000123\"}}"
#define LATER "{\"$date\": {\"$numberLong\": \"1900086400123\"}}"
#define EARLIER "{\"$date\": {\"$numberLong\": \"1899913600123\"}}"
#define OWING_NOTHING "\"owed_coins\": {\"$not\": {\"$gt\": 0}}"
/* In filters, at NOW. */
#define TODAY "{\"$date\": {\"$numberLong\": \"1899936000000\"}}"
#define DEADLINE_AHEAD                                                                             \
	"\"completion_date\": {\"$gte\": " TODAY ", \"$not\": {\"$gt\": " TODAY ", \"$lte\": " NOW \
	"}}, \"expires_at\": {\"$not\": {\"$lte\": " NOW "}}"
#define NOT_CLOSING "\"closing\": {\"$ne\": true}"

struct rule_case {
	struct arena *arena;
	struct txn txn;
	struct caller caller;
	struct err_detail detail;
	struct call call;
};
extern struct rule_case rule;

/* Fixtures. The caller is nobody until rule_caller() says who. */
void rule_setup(void);
void rule_teardown(void);
void rule_caller(const char *hex, enum role role);

struct id rule_id(const char *hex);
const bson_t *rule_doc(const char *json);
/* Numbers are compared whatever their size. */
void rule_same(const bson_t *doc, const char *json);

/* Is step i this update; does it ask for the mark? Numbers are compared whatever their size. */
void rule_update(size_t i, enum collection in, const char *filter, const char *change,
		 enum err on_miss);
void rule_remove(size_t i, enum collection in, const char *filter, enum err on_miss);
void rule_then(size_t i);
/* Is it this journal row? what: its members from "from" to "kind" and further, without who and when. */
void rule_row(size_t i, const char *key, const char *what, enum err taken);
/* Is it an insert there? The document, without its mark. */
const bson_t *rule_insert(size_t i, enum collection in, enum err taken);
/* Is it a notification to this user that says so? */
void rule_notification(size_t i, const char *user, const char *message);

/* The step has run, and found this; if it is the last plain one the decisions are made by rule_decide(). */
void rule_found(size_t i, const char *json);
/* Makes the decision of step i, as when all steps so far have run. */
enum err rule_decide(size_t i);

#endif
