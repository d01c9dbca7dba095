/* The unit tests: what can be wrong without a database, a suite per file of src/. */
#include "base/log.h"
#include "suites.h"

#include <stdlib.h>

/* A line each, so that two changes do not meet in one. */
/* clang-format off */
static Suite *(*const suites[])(void) = {
	suite_arena,
	suite_buffer,
	suite_clock,
	suite_comma,
	suite_config,
	suite_email,
	suite_encoding,
	suite_error,
	suite_id,
	suite_log,
	suite_network,
	suite_unicode,
	suite_json_edit,
	suite_json_in,
	suite_json_out,
	suite_json_pick,
	suite_label,
	suite_schema,
	suite_schema_input,
	suite_text_email,
	suite_address,
	suite_buggify,
	suite_claim_people,
	suite_collections,
	suite_cursor,
	suite_doc,
	suite_failure,
	suite_mark,
	suite_presence,
	suite_refresher,
	suite_txn,
	suite_google,
	suite_jwk,
	suite_password,
	suite_role,
	suite_ticket,
	suite_token,
	suite_google_keys,
	suite_provider,
	suite_stripe,
	suite_adjustments,
	suite_ledger,
	suite_missed,
	suite_packages,
	suite_payments,
	suite_removal,
	suite_reversals,
	suite_stats,
	suite_status,
	suite_submissions,
	suite_tasks,
	suite_users,
	suite_withdrawals,
	suite_words,
	suite_adoption_payments,
	suite_adoption_users,
	suite_adoption_values,
	suite_adoption_work,
	suite_openapi,
	suite_pipeline,
	suite_pipeline_answer,
	suite_pipeline_turn,
	suite_render,
	suite_request,
	suite_route,
	suite_bulkhead,
	suite_fair,
	suite_fcgi,
	suite_fcgi_stop,
	suite_fcgi_turns,
	suite_process,
	suite_queue,
	suite_records,
	suite_turns,
	suite_frame,
	suite_mailbox,
	suite_stream,
	suite_seed,
};
/* clang-format on */

int main(void)
{
	SRunner *runner;

	/* A time-out finds what hangs; it is no measure of a machine's speed. */
	setenv("CK_TIMEOUT_MULTIPLIER", "15", 0);
	runner = srunner_create(NULL);
	/* What tests provoke is no news: the log is off but where it is tested itself. */
	log_set_level((enum log_level)(LOG_ERROR + 1));
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
