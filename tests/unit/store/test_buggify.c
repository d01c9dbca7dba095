/* The buggify build's functions, with the driver's and libcurl's played here: what is done, what is said, and by what
 * chance. The programs' own build has them put in place by the linker; tests/api/test_buggify.py looks at that. */
#include "store/buggify_driver.h"
#include "suites.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the real ones: each counts how often it was called ---- */

static int done, aborted;
static bool committed; /* then nothing can be aborted */

BUGGIFY_WRAPS(curl_easy_perform);

static bool is_done(bson_t *reply)
{
	done++;
	if (reply)
		bson_init(reply);
	return true;
}

CURLcode __real_curl_easy_perform(CURL *curl)
{
	(void)curl;
	done++;
	return CURLE_OK;
}

bool __real_mongoc_client_write_command_with_opts(mongoc_client_t *client, const char *database,
						  const bson_t *command, const bson_t *options,
						  bson_t *reply, bson_error_t *error)
{
	(void)client, (void)database, (void)command, (void)options, (void)error;
	return is_done(reply);
}

bool __real_mongoc_client_read_command_with_opts(mongoc_client_t *client, const char *database,
						 const bson_t *command,
						 const mongoc_read_prefs_t *prefs,
						 const bson_t *options, bson_t *reply,
						 bson_error_t *error)
{
	(void)client, (void)database, (void)command, (void)prefs, (void)options, (void)error;
	return is_done(reply);
}

bool __real_mongoc_client_command_simple(mongoc_client_t *client, const char *database,
					 const bson_t *command, const mongoc_read_prefs_t *prefs,
					 bson_t *reply, bson_error_t *error)
{
	(void)client, (void)database, (void)command, (void)prefs, (void)error;
	return is_done(reply);
}

mongoc_client_session_t *__real_mongoc_client_start_session(mongoc_client_t *client,
							    const mongoc_session_opt_t *options,
							    bson_error_t *error)
{
	(void)options, (void)error;
	done++;
	return (mongoc_client_session_t *)client;
}

bool __real_mongoc_client_session_abort_transaction(mongoc_client_session_t *session,
						    bson_error_t *error)
{
	(void)session, (void)error;
	aborted += !committed;
	return !committed;
}

bool __real_mongoc_client_session_commit_transaction(mongoc_client_session_t *session,
						     bson_t *reply, bson_error_t *error)
{
	(void)session, (void)error;
	return is_done(reply);
}

mongoc_cursor_t *__real_mongoc_collection_find_with_opts(mongoc_collection_t *collection,
							 const bson_t *filter,
							 const bson_t *options,
							 const mongoc_read_prefs_t *prefs)
{
	(void)filter, (void)options, (void)prefs;
	return (mongoc_cursor_t *)collection;
}

mongoc_cursor_t *__real_mongoc_collection_aggregate(mongoc_collection_t *collection,
						    mongoc_query_flags_t flags,
						    const bson_t *pipeline, const bson_t *options,
						    const mongoc_read_prefs_t *prefs)
{
	(void)flags, (void)pipeline, (void)options, (void)prefs;
	return (mongoc_cursor_t *)collection;
}

bool __real_mongoc_cursor_next(mongoc_cursor_t *cursor, const bson_t **row)
{
	(void)cursor, (void)row;
	return true;
}

bool __real_mongoc_cursor_error(mongoc_cursor_t *cursor, bson_error_t *error)
{
	(void)cursor, (void)error;
	return false;
}

void __real_mongoc_cursor_destroy(mongoc_cursor_t *cursor)
{
	(void)cursor;
}

bool __real_mongoc_change_stream_next(mongoc_change_stream_t *stream, const bson_t **change)
{
	(void)stream, (void)change;
	done++;
	return true;
}

bool __real_mongoc_change_stream_error_document(const mongoc_change_stream_t *stream,
						bson_error_t *error, const bson_t **document)
{
	(void)stream, (void)error, (void)document;
	return false;
}

void __real_mongoc_change_stream_destroy(mongoc_change_stream_t *stream)
{
	(void)stream;
}

uint32_t __real_mongoc_bulk_operation_execute(mongoc_bulk_operation_t *bulk, bson_t *reply,
					      bson_error_t *error)
{
	(void)bulk, (void)error;
	return is_done(reply);
}

bool __real_mongoc_collection_insert_many(mongoc_collection_t *collection, const bson_t **documents,
					  size_t count, const bson_t *options, bson_t *reply,
					  bson_error_t *error)
{
	(void)collection, (void)documents, (void)count, (void)options, (void)error;
	return is_done(reply);
}

void __real_mongoc_init(void)
{
}

/* ---- what is tested ---- */

enum { TIMES = 300 };

static void begin(const char *chance, const char *faults)
{
	setenv("BUGGIFY_CHANCE", chance, 1);
	setenv("BUGGIFY_FAULTS", faults, 1);
	setenv("BUGGIFY_SLOWEST_MS", "20", 1);
	done = aborted = 0;
	committed = false;
	buggify_start();
}

static void teardown(void)
{
	static const char *const names[] = { "BUGGIFY_CHANCE",	  "MICROTASK_RUN_DIR",
					     "BUGGIFY_SEED",	  "BUGGIFY_ACTIVE",
					     "BUGGIFY_SITES",	  "BUGGIFY_FAULTS",
					     "BUGGIFY_SLOWEST_MS" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
}

/* The letters of what happens at a site, in their order. */
static void course(char letters[TIMES + 1], const char *site)
{
	buggify_start();
	for (int i = 0; i < TIMES; i++) {
		struct buggify buggify = buggify_begin(site, BUGGIFY_FAIL | BUGGIFY_UNKNOWN);

		letters[i] = buggify.fault == BUGGIFY_FAIL    ? 'f' :
			     buggify.fault == BUGGIFY_UNKNOWN ? 'u' :
								'.';
	}
	letters[TIMES] = '\0';
}

static int count(const char *letters, char letter)
{
	int found = 0;

	for (; *letters; letters++)
		found += *letters == letter;
	return found;
}

START_TEST(a_seed_decides_what_happens_when)
{
	char first[TIMES + 1], again[TIMES + 1], other[TIMES + 1], elsewhere[TIMES + 1];

	begin("200", "fail,unknown");
	course(first, "commit");
	course(again, "commit");
	course(elsewhere, "find users");
	setenv("BUGGIFY_SEED", "2", 1);
	course(other, "commit");
	ck_assert_str_eq(first, again);
	ck_assert_str_ne(first, elsewhere);
	ck_assert_str_ne(first, other);
}
END_TEST

START_TEST(a_chance_is_kept_and_shared_by_the_faults)
{
	char letters[TIMES + 1];

	begin("200", "fail,unknown");
	course(letters, "commit");
	ck_assert_int_ge(count(letters, 'f') + count(letters, 'u'), TIMES / 10);
	ck_assert_int_le(count(letters, 'f') + count(letters, 'u'), TIMES * 3 / 10);
	ck_assert_int_gt(count(letters, 'f'), 0);
	ck_assert_int_gt(count(letters, 'u'), 0);
}
END_TEST

START_TEST(only_the_sites_that_are_named_take_part)
{
	char letters[TIMES + 1];

	setenv("BUGGIFY_SITES", "idempotency,commit", 1);
	begin("1000", "fail");
	course(letters, "insert idempotency");
	ck_assert_int_eq(count(letters, 'f'), TIMES);
	course(letters, "find users");
	ck_assert_int_eq(count(letters, '.'), TIMES);
}
END_TEST

START_TEST(a_share_of_the_sites_takes_part)
{
	char letters[TIMES + 1], site[16];
	int active = 0;

	setenv("BUGGIFY_ACTIVE", "50", 1);
	begin("1000", "fail");
	for (int i = 0; i < 40; i++) {
		snprintf(site, sizeof site, "site %d", i);
		course(letters, site);
		ck_assert(count(letters, 'f') == TIMES || count(letters, 'f') == 0);
		active += letters[0] == 'f';
	}
	ck_assert_int_gt(active, 8);
	ck_assert_int_lt(active, 32);
}
END_TEST

START_TEST(a_file_tells_the_chance_while_it_runs)
{
	char letters[TIMES + 1], folder[] = "/tmp/buggify-XXXXXX", path[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/buggify", folder);
	setenv("MICROTASK_RUN_DIR", folder, 1);
	begin("", "fail");
	course(letters, "commit");
	ck_assert_int_eq(count(letters, 'f'), 0);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("1000\n", file);
	fclose(file);
	clock_sleep(110);
	ck_assert_int_eq(buggify_begin("commit", BUGGIFY_FAIL).fault, BUGGIFY_FAIL);
	unlink(path);
	clock_sleep(110);
	ck_assert_int_eq(buggify_begin("commit", BUGGIFY_FAIL).fault, 0);
	rmdir(folder);
}
END_TEST

START_TEST(what_is_slow_takes_a_pause_before_or_behind_it)
{
	int64_t before = 0, behind = 0;

	begin("1000", "slow");
	for (int i = 0; i < 20; i++) {
		int64_t from = clock_steady();
		struct buggify buggify = buggify_begin("commit", BUGGIFY_SLOW);

		buggify_end(&buggify);
		ck_assert_int_ge(clock_steady() - from, buggify.before_ms + buggify.behind_ms - 1);
		before += buggify.before_ms;
		behind += buggify.behind_ms;
	}
	ck_assert_int_gt(before, 0);
	ck_assert_int_gt(behind, 0);
}
END_TEST

/* ---- at the driver's functions ---- */

static bool write_command(const bson_t *options, bson_t *reply, bson_error_t *error)
{
	bson_t *command = BCON_NEW("insert", BCON_UTF8("idempotency"));
	bool ok = __wrap_mongoc_client_write_command_with_opts(NULL, "test", command, options,
							       reply, error);

	bson_destroy(command);
	return ok;
}

START_TEST(without_a_fault_all_goes_through)
{
	bson_error_t error;
	bson_t reply;

	begin("0", "slow,fail,unknown");
	ck_assert(write_command(NULL, &reply, &error));
	ck_assert(__wrap_mongoc_client_session_commit_transaction(NULL, &reply, &error));
	ck_assert_int_eq(__wrap_curl_easy_perform(NULL), CURLE_OK);
	ck_assert_int_eq(done, 3);
}
END_TEST

START_TEST(a_write_that_fails_is_not_done_and_passes)
{
	bson_error_t error;
	bson_t reply;

	begin("1000", "fail");
	for (int i = 0; i < TIMES; i++) {
		ck_assert(!write_command(NULL, &reply, &error));
		ck_assert(mongoc_error_has_label(&reply, "RetryableWriteError"));
		bson_destroy(&reply);
	}
	ck_assert_int_eq(done, 0);
}
END_TEST

START_TEST(a_write_whose_reply_is_lost_is_done)
{
	bson_error_t error;
	bson_t reply;

	begin("1000", "unknown");
	ck_assert(!write_command(NULL, &reply, &error));
	ck_assert_uint_eq(error.domain, MONGOC_ERROR_STREAM);
	ck_assert_int_eq(done, 1);
	bson_destroy(&reply);
}
END_TEST

START_TEST(a_step_that_fails_may_be_tried_again)
{
	bson_t *session = BCON_NEW("sessionId", "{", "}");
	bson_error_t error;
	bson_t reply;

	begin("1000", "fail");
	ck_assert(!write_command(session, &reply, &error));
	ck_assert(mongoc_error_has_label(&reply, "TransientTransactionError"));
	ck_assert_int_eq(done, 0);
	bson_destroy(&reply);
	bson_destroy(session);
}
END_TEST

START_TEST(a_read_fails_and_is_never_unknown)
{
	bson_t *command = BCON_NEW("find", BCON_UTF8("users"));
	bson_error_t error;
	bson_t reply;

	begin("1000", "fail");
	ck_assert(!__wrap_mongoc_client_read_command_with_opts(NULL, "test", command, NULL, NULL,
							       &reply, &error));
	ck_assert_int_eq(done, 0);
	begin("1000", "unknown");
	ck_assert(__wrap_mongoc_client_read_command_with_opts(NULL, "test", command, NULL, NULL,
							      &reply, &error));
	bson_destroy(command);
}
END_TEST

/* Aborted: the whole again. Not heard of: the commit again. */
START_TEST(a_commit_that_fails_was_aborted_or_is_unheard_of)
{
	bson_error_t error;
	bson_t reply;
	int unheard = 0;

	begin("1000", "fail");
	for (int i = 0; i < TIMES; i++) {
		ck_assert(!__wrap_mongoc_client_session_commit_transaction(NULL, &reply, &error));
		bool unknown = mongoc_error_has_label(&reply, "UnknownTransactionCommitResult");
		ck_assert(unknown != mongoc_error_has_label(&reply, "TransientTransactionError"));
		unheard += unknown;
		bson_destroy(&reply);
	}
	ck_assert_int_eq(done, 0);
	ck_assert_int_eq(aborted + unheard, TIMES);
	ck_assert_int_gt(aborted, TIMES / 4);
	ck_assert_int_gt(unheard, TIMES / 4);
}
END_TEST

START_TEST(what_is_committed_is_never_said_to_be_aborted)
{
	bson_error_t error;
	bson_t reply;

	begin("1000", "fail");
	committed = true;
	for (int i = 0; i < TIMES; i++) {
		ck_assert(!__wrap_mongoc_client_session_commit_transaction(NULL, &reply, &error));
		ck_assert(mongoc_error_has_label(&reply, "UnknownTransactionCommitResult"));
		bson_destroy(&reply);
	}
}
END_TEST

START_TEST(a_commit_whose_reply_is_lost_is_done)
{
	bson_error_t error;
	bson_t reply;

	begin("1000", "unknown");
	ck_assert(!__wrap_mongoc_client_session_commit_transaction(NULL, &reply, &error));
	ck_assert(mongoc_error_has_label(&reply, "UnknownTransactionCommitResult"));
	ck_assert_int_eq(done, 1);
	bson_destroy(&reply);
}
END_TEST

START_TEST(a_list_breaks_off_somewhere_and_says_so)
{
	mongoc_client_t *client = mongoc_client_new("mongodb://localhost/");
	mongoc_collection_t *tasks = mongoc_client_get_collection(client, "test", "tasks");
	int most = 0;

	begin("1000", "fail");
	for (int i = 0; i < TIMES; i++) {
		bson_error_t error = { 0 };
		mongoc_cursor_t *list =
			__wrap_mongoc_collection_find_with_opts(tasks, NULL, NULL, NULL);
		int rows = 0;

		while (rows < 100 && __wrap_mongoc_cursor_next(list, NULL))
			rows++;
		ck_assert_int_lt(rows, 100);
		ck_assert(__wrap_mongoc_cursor_error(list, &error));
		ck_assert_uint_eq(error.domain, MONGOC_ERROR_STREAM);
		__wrap_mongoc_cursor_destroy(list);
		ck_assert(!__wrap_mongoc_cursor_error(list, &error));
		most = rows > most ? rows : most;
	}
	ck_assert_int_gt(most, 5);
	mongoc_collection_destroy(tasks);
	mongoc_client_destroy(client);
}
END_TEST

START_TEST(a_stream_breaks_off_and_says_so)
{
	mongoc_change_stream_t *stream = (mongoc_change_stream_t *)&done;
	bson_error_t error = { 0 };

	begin("1000", "fail");
	ck_assert(!__wrap_mongoc_change_stream_next(stream, NULL));
	ck_assert(__wrap_mongoc_change_stream_error_document(stream, &error, NULL));
	ck_assert_int_eq(done, 0);
}
END_TEST

START_TEST(a_call_of_another_service_fails_unsent_or_loses_its_answer)
{
	begin("1000", "fail");
	ck_assert_int_eq(__wrap_curl_easy_perform(NULL), CURLE_COULDNT_CONNECT);
	ck_assert_int_eq(done, 0);
	begin("1000", "unknown");
	ck_assert_int_eq(__wrap_curl_easy_perform(NULL), CURLE_RECV_ERROR);
	ck_assert_int_eq(done, 1);
}
END_TEST

Suite *suite_buggify(void)
{
	Suite *suite = suite_create("buggify");
	TCase *chance = tcase_create("chance"), *calls = tcase_create("calls");

	tcase_add_checked_fixture(chance, NULL, teardown);
	tcase_add_test(chance, a_seed_decides_what_happens_when);
	tcase_add_test(chance, a_chance_is_kept_and_shared_by_the_faults);
	tcase_add_test(chance, only_the_sites_that_are_named_take_part);
	tcase_add_test(chance, a_share_of_the_sites_takes_part);
	tcase_add_test(chance, a_file_tells_the_chance_while_it_runs);
	tcase_add_test(chance, what_is_slow_takes_a_pause_before_or_behind_it);
	suite_add_tcase(suite, chance);
	tcase_add_checked_fixture(calls, NULL, teardown);
	tcase_add_test(calls, without_a_fault_all_goes_through);
	tcase_add_test(calls, a_write_that_fails_is_not_done_and_passes);
	tcase_add_test(calls, a_write_whose_reply_is_lost_is_done);
	tcase_add_test(calls, a_step_that_fails_may_be_tried_again);
	tcase_add_test(calls, a_read_fails_and_is_never_unknown);
	tcase_add_test(calls, a_commit_that_fails_was_aborted_or_is_unheard_of);
	tcase_add_test(calls, what_is_committed_is_never_said_to_be_aborted);
	tcase_add_test(calls, a_commit_whose_reply_is_lost_is_done);
	tcase_add_test(calls, a_list_breaks_off_somewhere_and_says_so);
	tcase_add_test(calls, a_stream_breaks_off_and_says_so);
	tcase_add_test(calls, a_call_of_another_service_fails_unsent_or_loses_its_answer);
	suite_add_tcase(suite, calls);
	return suite;
}
