/* MONGODB_URI: where the servers are is the operator's, what is asked of them is ours. */
#include "store/address.h"
#include "suites.h"

#include "base/count.h"

#include <stdio.h>
#include <string.h>

enum { THREADS = 16, ANSWER_MS = 4000 };

static const struct {
	const char *about, *options;
} addresses[] = {
	{ "nothing", "" },
	{ "a replica set", "?replicaSet=rs0" },
	{ "one member", "?w=1" },
	{ "no member", "?w=0" },
	{ "two members", "?w=2" },
	{ "a set of tags", "?w=somewhere" },
	{ "the majority, for ever", "?w=majority&wtimeoutMS=0" },
	{ "the majority, for a moment", "?w=majority&wtimeoutMS=1" },
	{ "no journal", "?journal=false" },
	{ "the journal of one", "?w=1&journal=true" },
	{ "unsafe writes", "?safe=false" },
	{ "writes sent once", "?retryWrites=false" },
	{ "reads sent once", "?retryReads=false" },
	{ "reads from anywhere", "?readPreference=nearest" },
	{ "reads from others", "?readPreference=secondaryPreferred&maxStalenessSeconds=120" },
	{ "reads from those with tags", "?readPreference=secondary&readPreferenceTags=dc:ny" },
	{ "reads of anything", "?readConcernLevel=available" },
	{ "reads that wait", "?readConcernLevel=linearizable" },
	{ "one server, whatever it is", "?directConnection=true" },
	{ "no limits", "?socketTimeoutMS=0&connectTimeoutMS=0&serverSelectionTimeoutMS=0" },
	{ "long limits", "?socketTimeoutMS=600000&connectTimeoutMS=600000&heartbeatFrequencyMS="
			 "600000&serverSelectionTimeoutMS=600000&waitQueueTimeoutMS=600000" },
	{ "few connections", "?maxPoolSize=1" },
};

static mongoc_uri_t *read_address(const char *options, int answer_ms)
{
	char text[512], problem[256] = "";

	snprintf(text, sizeof text, "mongodb://db.example/microtask%s", options);
	mongoc_uri_t *uri = address_read(
		&(struct store_options){ .uri = text, .threads = THREADS, .answer_ms = answer_ms },
		problem);
	ck_assert_msg(uri != NULL, "%s: %s", options, problem);
	return uri;
}

static void setup(void)
{
	mongoc_init();
}

static int32_t number(const mongoc_uri_t *uri, const char *option)
{
	return mongoc_uri_get_option_as_int32(uri, option, -1);
}

PROMISE("2 The books",
	"Every write that decides waits for the majority, whatever the connection string says")
START_TEST(writes_wait_for_the_majority_for_a_bounded_time)
{
	mongoc_uri_t *uri = read_address(addresses[_i].options, ANSWER_MS);
	const mongoc_write_concern_t *writes = mongoc_uri_get_write_concern(uri);

	ck_assert(mongoc_write_concern_get_wmajority(writes));
	ck_assert_int_eq(mongoc_write_concern_get_wtimeout_int64(writes), 2000);
	ck_assert(!mongoc_write_concern_journal_is_set(writes) ||
		  mongoc_write_concern_get_journal(writes));
	ck_assert(mongoc_write_concern_is_acknowledged(writes));
	ck_assert(mongoc_uri_get_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false));
	mongoc_uri_destroy(uri);
}
END_TEST

PROMISE("2 The books",
	"Every read that decides goes to the primary, whatever the connection string says")
START_TEST(reads_go_to_the_primary_and_see_what_the_majority_has)
{
	mongoc_uri_t *uri = read_address(addresses[_i].options, ANSWER_MS);
	const mongoc_read_prefs_t *reads = mongoc_uri_get_read_prefs_t(uri);

	ck_assert_int_eq(mongoc_read_prefs_get_mode(reads), MONGOC_READ_PRIMARY);
	ck_assert(bson_empty0(mongoc_read_prefs_get_tags(reads)));
	ck_assert_str_eq(mongoc_read_concern_get_level(mongoc_uri_get_read_concern(uri)),
			 "majority");
	ck_assert(mongoc_uri_get_option_as_bool(uri, MONGOC_URI_RETRYREADS, false));
	ck_assert(!mongoc_uri_get_option_as_bool(uri, MONGOC_URI_DIRECTCONNECTION, true));
	mongoc_uri_destroy(uri);
}
END_TEST

PROMISE("2 The books",
	"Every write that decides waits for the majority, whatever the connection string says")
START_TEST(a_client_has_it_from_the_address)
{
	mongoc_uri_t *uri = read_address(addresses[_i].options, ANSWER_MS);
	/* one by itself, as a pool would go and look for the servers */
	mongoc_client_t *client = mongoc_client_new_from_uri(uri);

	ck_assert(mongoc_write_concern_get_wmajority(mongoc_client_get_write_concern(client)));
	ck_assert_int_eq(mongoc_read_prefs_get_mode(mongoc_client_get_read_prefs(client)),
			 MONGOC_READ_PRIMARY);
	ck_assert_str_eq(mongoc_read_concern_get_level(mongoc_client_get_read_concern(client)),
			 "majority");
	mongoc_client_destroy(client);
	mongoc_uri_destroy(uri);
}
END_TEST

START_TEST(nothing_is_waited_for_longer_than_callers_wait)
{
	mongoc_uri_t *uri = read_address(addresses[_i].options, ANSWER_MS);

	ck_assert_int_eq(number(uri, MONGOC_URI_SOCKETTIMEOUTMS), ANSWER_MS);
	ck_assert_int_eq(number(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS), 2500);
	ck_assert_int_eq(number(uri, MONGOC_URI_CONNECTTIMEOUTMS), 2000);
	ck_assert_int_eq(number(uri, MONGOC_URI_WAITQUEUETIMEOUTMS), 2000);
	ck_assert_int_eq(number(uri, MONGOC_URI_HEARTBEATFREQUENCYMS), 1000);
	ck_assert_int_eq(number(uri, MONGOC_URI_MAXPOOLSIZE), THREADS + 2);
	mongoc_uri_destroy(uri);
}
END_TEST

START_TEST(less_patience_is_the_operators_choice)
{
	mongoc_uri_t *uri =
		read_address("?socketTimeoutMS=1500&serverSelectionTimeoutMS=500", ANSWER_MS);

	ck_assert_int_eq(number(uri, MONGOC_URI_SOCKETTIMEOUTMS), 1500);
	ck_assert_int_eq(number(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS), 500);
	mongoc_uri_destroy(uri);
}
END_TEST

START_TEST(a_program_with_more_time_waits_longer_for_the_majority)
{
	mongoc_uri_t *uri = read_address("", 600000);

	ck_assert_int_eq(mongoc_write_concern_get_wtimeout_int64(mongoc_uri_get_write_concern(uri)),
			 30000);
	mongoc_uri_destroy(uri);
}
END_TEST

START_TEST(what_contradicts_itself_is_refused_in_a_sentence)
{
	static const char *const bad[] = { "nonsense", "mongodb://db.example/",
					   "mongodb://db.example/m?w=0&journal=true",
					   "mongodb://a,b/m?directConnection=true" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		char problem[256] = "";

		ck_assert_ptr_null(address_read(&(struct store_options){ .uri = bad[i] }, problem));
		ck_assert_msg(!strncmp(problem, "MONGODB_URI cannot be used: ", 28), "%s: %s",
			      bad[i], problem);
	}
}
END_TEST

Suite *suite_address(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("address");
	const int count = COUNT_OF(addresses);

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, writes_wait_for_the_majority_for_a_bounded_time, 0, count);
	tcase_add_loop_test(tests, reads_go_to_the_primary_and_see_what_the_majority_has, 0, count);
	tcase_add_loop_test(tests, a_client_has_it_from_the_address, 0, count);
	tcase_add_loop_test(tests, nothing_is_waited_for_longer_than_callers_wait, 0, count);
	tcase_add_test(tests, less_patience_is_the_operators_choice);
	tcase_add_test(tests, a_program_with_more_time_waits_longer_for_the_majority);
	tcase_add_test(tests, what_contradicts_itself_is_refused_in_a_sentence);
	suite_add_tcase(suite, tests);
	return suite;
}
