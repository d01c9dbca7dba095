/* What tests of adoption share: users in the table, an old record, and what is planned for it, without a database. The
 * steps are looked at by market/rule.h, after planned(). */
#ifndef TESTS_MIGRATE_PLAN_H
#define TESTS_MIGRATE_PLAN_H

#include "market/rule.h"
#include "migrate/adoption_pass.h"

#define MADE "\"createdAt\": " EARLIER ", \"updatedAt\": " EARLIER
#define ANN "{\"_id\": " OID(WORKER) ", \"email\": \"Ann@example.com\", " MADE "}"
#define BOB "{\"_id\": " OID(BUYER) ", \"email\": \"bob@example.com\", " MADE "}"

extern struct adoption adoption;
extern struct batch batch;

/* Fixtures: Ann and Bob are users. */
void plan_setup(void);
void plan_teardown(void);

/* One more user, whose id is above theirs. */
void user_known(const char *json);
/* The journal has a row with this key, or of "user:<id>" or "task:<id>". */
void journal_known(const char *key);

/* A record of the pass, as it was read; and the same with its plan. */
struct record *read_by(const struct pass *pass, const char *json);
void plan(struct record *record);
struct record *planned(const struct pass *pass, const char *json);

/* Does the plan set these members so? */
void sets(const struct record *record, const char *json);
void leaves(const struct record *record, const char *field);
/* So many steps come with the change of the record itself, which is sure that it is what was read. */
void comes_with(const struct record *record, size_t steps);
/* Concerned by these rules, in this order. */
#define noted(record, ...) noted_are(record, (enum rule[]){ __VA_ARGS__, RULE_COUNT })
void noted_are(const struct record *record, const enum rule *rules);
void noted_none(const struct record *record);

#endif
