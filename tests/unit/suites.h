/* Every suite of the unit tests; main.c runs them in the order of its list. */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H

#include <check.h>

/*
 * Above a START_TEST: which promises of tests/promises.txt it shows, as PROMISE("1 Limits", "…").
 * tests/api/promises.py reads it; here it is nothing.
 */
#define PROMISE(section, ...)

Suite *suite_arena(void);
Suite *suite_buffer(void);
Suite *suite_clock(void);
Suite *suite_comma(void);
Suite *suite_config(void);
Suite *suite_email(void);
Suite *suite_encoding(void);
Suite *suite_error(void);
Suite *suite_id(void);
Suite *suite_log(void);
Suite *suite_network(void);
Suite *suite_unicode(void);

Suite *suite_json_edit(void);
Suite *suite_json_in(void);
Suite *suite_json_out(void);
Suite *suite_json_pick(void);
Suite *suite_label(void);
Suite *suite_schema(void);
Suite *suite_schema_input(void);
Suite *suite_text_email(void);

Suite *suite_address(void);
Suite *suite_buggify(void);
Suite *suite_claim_people(void);
Suite *suite_collections(void);
Suite *suite_cursor(void);
Suite *suite_doc(void);
Suite *suite_failure(void);
Suite *suite_mark(void);
Suite *suite_presence(void);
Suite *suite_refresher(void);
Suite *suite_txn(void);

Suite *suite_google(void);
Suite *suite_jwk(void);
Suite *suite_password(void);
Suite *suite_role(void);
Suite *suite_ticket(void);
Suite *suite_token(void);

Suite *suite_google_keys(void);
Suite *suite_provider(void);
Suite *suite_stripe(void);

Suite *suite_adjustments(void);
Suite *suite_ledger(void);
Suite *suite_missed(void);
Suite *suite_packages(void);
Suite *suite_payments(void);
Suite *suite_removal(void);
Suite *suite_reversals(void);
Suite *suite_stats(void);
Suite *suite_status(void);
Suite *suite_submissions(void);
Suite *suite_tasks(void);
Suite *suite_users(void);
Suite *suite_withdrawals(void);
Suite *suite_words(void);

Suite *suite_adoption_payments(void);
Suite *suite_adoption_users(void);
Suite *suite_adoption_values(void);
Suite *suite_adoption_work(void);

Suite *suite_openapi(void);
Suite *suite_pipeline(void);
Suite *suite_pipeline_answer(void);
Suite *suite_pipeline_turn(void);
Suite *suite_render(void);
Suite *suite_request(void);
Suite *suite_route(void);

Suite *suite_bulkhead(void);
Suite *suite_fair(void);
Suite *suite_fcgi(void);
Suite *suite_fcgi_stop(void);
Suite *suite_fcgi_turns(void);
Suite *suite_process(void);
Suite *suite_queue(void);
Suite *suite_records(void);

Suite *suite_turns(void);

Suite *suite_frame(void);
Suite *suite_mailbox(void);
Suite *suite_stream(void);

Suite *suite_seed(void);

#endif
