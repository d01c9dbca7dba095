/* The unit tests: what can be wrong without a database, a suite per file of src/. */
#include "base/log.h"
#include "suites.h"

#include <stdlib.h>

#define SUITE(name) suite_##name,
static Suite *(*const suites[])(void) = { EACH_SUITE(SUITE) };

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
