#include "base/log.h"
#include "suites.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int saved_stderr;
static char path[] = "/tmp/check_log_XXXXXX";

/* Standard error goes to a file while a test runs. */
static void setup(void)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	int file = mkstemp(path);
	ck_assert_int_ge(file, 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(file, STDERR_FILENO);
	close(file);
	log_set_level(LOG_INFO);
}

static void teardown(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	unlink(path);
	log_set_level((enum log_level)(LOG_ERROR + 1));
}

static const char *written(void)
{
	static char text[65536];
	FILE *in = fopen(path, "r");

	ck_assert_ptr_nonnull(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t compiled;

	ck_assert_int_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&compiled, text, 0, NULL, 0) == 0, "%s is not %s", text, pattern);
	regfree(&compiled);
}

#define TIME "\"time\":\"[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z\""

START_TEST(a_line_is_one_json_object)
{
	log_line(LOG_WARN, "abc-1", "%d of %s", 3, "them");
	assert_matches(written(), "^\\{" TIME ",\"level\":\"warn\",\"requestId\":\"abc-1\","
				  "\"message\":\"3 of them\"\\}\n$");
}
END_TEST

START_TEST(a_line_outside_a_request_has_no_request_id)
{
	log_line(LOG_ERROR, NULL, "text");
	assert_matches(written(), "^\\{" TIME ",\"level\":\"error\",\"message\":\"text\"\\}\n$");
}
END_TEST

START_TEST(a_request_is_told_with_its_status_and_milliseconds)
{
	log_request("id", "GET", "/tasks/:id", 404, 1042);
	assert_matches(written(), "^\\{" TIME ",\"level\":\"info\",\"requestId\":\"id\","
				  "\"method\":\"GET\",\"route\":\"/tasks/:id\",\"status\":404,"
				  "\"ms\":1\\.042\\}\n$");
}
END_TEST

START_TEST(nothing_in_a_message_breaks_the_line_or_the_json)
{
	log_line(LOG_INFO, "\"\n", "a\"b\\c\nd\re\tf\x1b[31m\x7f");
	ck_assert_ptr_nonnull(strstr(written(), "\"requestId\":\"\\\"\\n\","));
	ck_assert_ptr_nonnull(strstr(written(), "\"a\\\"b\\\\c\\nd\\re\\tf\\u001b[31m\x7f\"}\n"));
}
END_TEST

#define BAD "\xef\xbf\xbd" /* U+FFFD */

START_TEST(invalid_utf8_is_replaced_and_valid_kept)
{
	log_line(LOG_INFO, NULL, "%s", "\xff\xe2\x82\xac\xc3\"\xf0\x9f\x98");
	ck_assert_ptr_nonnull(
		strstr(written(), "\"" BAD "\xe2\x82\xac" BAD "\\\"" BAD BAD BAD "\"}\n"));
}
END_TEST

START_TEST(lines_below_the_level_are_dropped)
{
	log_line(LOG_DEBUG, NULL, "dropped at LOG_INFO");
	ck_assert_str_eq(written(), "");
	log_set_level(LOG_ERROR);
	log_line(LOG_WARN, NULL, "dropped");
	log_request("id", "GET", "/", 200, 1);
	ck_assert_str_eq(written(), "");
	log_line(LOG_ERROR, NULL, "kept");
	ck_assert_ptr_nonnull(strstr(written(), "kept"));
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, NULL, "now too");
	ck_assert_ptr_nonnull(strstr(written(), "now too"));
}
END_TEST

START_TEST(an_endless_message_is_cut_and_stays_json)
{
	log_line(LOG_INFO, NULL, "%0100000d", 1);
	ck_assert_uint_lt(strlen(written()), 5000);
	assert_matches(written(), "0000\"\\}\n$");
}
END_TEST

START_TEST(logging_leaves_errno_alone)
{
	errno = ENOENT;
	log_line(LOG_INFO, NULL, "text");
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* Appended by 8 processes at once: a line written in parts would be torn. */
START_TEST(lines_of_several_processes_never_mix)
{
	char filler[200];

	memset(filler, 'x', sizeof(filler));
	for (int process = 0; process < 8; process++) {
		if (fork() != 0)
			continue;
		for (int line = 0; line < 20; line++)
			log_line(LOG_INFO, NULL, "%.*s", (int)sizeof(filler), filler);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	const char *line = written();
	size_t length = strcspn(line, "\n"), count = 0;
	for (; *line; line += length + 1, count++)
		ck_assert_uint_eq(strcspn(line, "\n"), length);
	ck_assert_uint_eq(count, 160);
}
END_TEST

Suite *suite_log(void)
{
	Suite *suite = suite_create("log");
	TCase *lines = tcase_create("lines");

	tcase_add_checked_fixture(lines, setup, teardown);
	tcase_add_test(lines, a_line_is_one_json_object);
	tcase_add_test(lines, a_line_outside_a_request_has_no_request_id);
	tcase_add_test(lines, a_request_is_told_with_its_status_and_milliseconds);
	tcase_add_test(lines, nothing_in_a_message_breaks_the_line_or_the_json);
	tcase_add_test(lines, invalid_utf8_is_replaced_and_valid_kept);
	tcase_add_test(lines, lines_below_the_level_are_dropped);
	tcase_add_test(lines, an_endless_message_is_cut_and_stays_json);
	tcase_add_test(lines, logging_leaves_errno_alone);
	tcase_add_test(lines, lines_of_several_processes_never_mix);
	suite_add_tcase(suite, lines);
	return suite;
}
