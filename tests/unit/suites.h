/* Every suite of the unit tests; main.c runs them in the order of this list. */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H

#include <check.h>

/*
 * Above a START_TEST: which promises of tests/promises.txt it shows, as PROMISE("1 Limits", "…").
 * tests/api/promises.py reads it; here it is nothing.
 */
#define PROMISE(section, ...)

/* Every suite, a line each, so that two changes do not meet in one. */
/* clang-format off */
#define EACH_SUITE(X) \
	X(arena) \
	X(buffer) \
	X(clock) \
	X(comma) \
	X(config) \
	X(email) \
	X(encoding) \
	X(error) \
	X(id) \
	X(log) \
	X(network) \
	X(unicode) \
	X(json_edit) \
	X(json_in) \
	X(json_out) \
	X(json_pick) \
	X(label) \
	X(schema) \
	X(schema_input) \
	X(text_email) \
	X(address) \
	X(buggify) \
	X(claim_insert) \
	X(claim_people) \
	X(collections) \
	X(cursor) \
	X(doc) \
	X(failure) \
	X(gather) \
	X(lookup) \
	X(mark) \
	X(presence) \
	X(refresher) \
	X(step_commands) \
	X(touches) \
	X(txn) \
	X(google) \
	X(jwk) \
	X(password) \
	X(role) \
	X(ticket) \
	X(token) \
	X(google_keys) \
	X(provider) \
	X(stripe) \
	X(adjustments) \
	X(ledger) \
	X(missed) \
	X(packages) \
	X(payments) \
	X(removal) \
	X(reversals) \
	X(stats) \
	X(status) \
	X(submissions) \
	X(tasks) \
	X(users) \
	X(withdrawals) \
	X(words) \
	X(adoption_payments) \
	X(adoption_users) \
	X(adoption_values) \
	X(adoption_work) \
	X(openapi) \
	X(pipeline) \
	X(pipeline_answer) \
	X(pipeline_turn) \
	X(render) \
	X(request) \
	X(route) \
	X(share) \
	X(bulkhead) \
	X(fair) \
	X(fcgi) \
	X(fcgi_stop) \
	X(fcgi_turns) \
	X(idle) \
	X(output) \
	X(process) \
	X(queue) \
	X(records) \
	X(inputs) \
	X(rows) \
	X(turns) \
	X(frame) \
	X(mailbox) \
	X(stream) \
	X(seed)
/* clang-format on */

#define SUITE_DECLARE(name) Suite *suite_##name(void);
EACH_SUITE(SUITE_DECLARE)

#endif
