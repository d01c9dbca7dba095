/* The clock is the test's: what a day brings is told in no time. What is asked of the server is real. */
#include "auth/google_vectors.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/still_clock.h"
#include "base/turn.h"
#include "providers/fetch.h"
#include "providers/google_keys.h"
#include "providers/http_server.h"
#include "suites.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define MINUTE (60 * INT64_C(1000))
#define HOUR (60 * MINUTE)
#define START (1000 * HOUR)

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static struct arena *arena;
static struct google_keys *keys;
static atomic_int found, refused, unavailable; /* by the threads of a crowd */

static struct google_keys *keys_new(int64_t timeout_ms)
{
	return google_keys_new(http_server_url(), timeout_ms);
}

static void setup(void)
{
	arena = arena_new();
	setenv("no_proxy", "127.0.0.1", 1);
	fetch_start();
	http_server_start();
	http_server_answer(HEAD "\r\n" GOOGLE_KEYS);
	keys = keys_new(60000);
	atomic_store(&found, 0);
	atomic_store(&refused, 0);
	atomic_store(&unavailable, 0);
}

static void teardown(void)
{
	google_keys_free(keys);
	clock_go();
	http_server_stop();
	arena_free(arena);
}

static enum err find(const char *kid, int64_t now)
{
	EVP_PKEY *key = NULL;

	clock_set(now);
	enum err err = google_keys_find(keys, kid, &key);

	ck_assert((err == OK) == (key != NULL));
	EVP_PKEY_free(key);
	return err;
}

/* The set, with all keys of this kid under another's: one that was rotated away. */
static const char *answer_without(const char *kid)
{
	char *text = arena_text(arena, HEAD "\r\n" GOOGLE_KEYS);
	char *at = strstr(text, arena_printf(arena, "\"kid\":\"%s\"", kid));

	ck_assert_ptr_nonnull(at);
	at[strlen("\"kid\":\"")] = '_';
	return text;
}

START_TEST(keys_are_fetched_when_first_needed_and_kept)
{
	ck_assert_int_eq(http_server_count(), 0);
	ck_assert_int_eq(find("first", START), OK);
	ck_assert_int_eq(find("second", START + MINUTE), OK);
	ck_assert_int_eq(find("first", START + HOUR - 1), OK);
	ck_assert_int_eq(http_server_count(), 1);
}
END_TEST

static const struct {
	const char *header;
	int64_t good;
} ages[] = {
	{ "", HOUR },
	{ "Cache-Control: public, max-age=21600, must-revalidate, no-transform\r\n", 6 * HOUR },
	{ "cache-control: MAX-AGE=600\r\n", 10 * MINUTE },
	{ "Cache-Control: max-age=1\r\n", 5 * MINUTE },
	{ "Cache-Control: max-age=0, no-cache\r\n", 5 * MINUTE },
	{ "Cache-Control: max-age=99999999\r\n", 24 * HOUR },
	{ "Cache-Control: max-age=9999999999999999999999\r\n", 24 * HOUR },
	{ "Cache-Control: no-cache\r\n", HOUR },
};

START_TEST(they_are_good_as_long_as_google_says_within_reason)
{
	http_server_answer(arena_printf(arena, "%s%s\r\n%s", HEAD, ages[_i].header, GOOGLE_KEYS));
	ck_assert_int_eq(find("first", START), OK);
	ck_assert_int_eq(find("first", START + ages[_i].good - 1), OK);
	ck_assert_int_eq(http_server_count(), 1);
	ck_assert_int_eq(find("first", START + ages[_i].good), OK);
	ck_assert_int_eq(http_server_count(), 2);
}
END_TEST

START_TEST(an_unknown_kid_is_looked_for_once_in_a_while)
{
	ck_assert_int_eq(find("first", START), OK);
	ck_assert_int_eq(find("nobody", START + MINUTE), ERR_UNAUTHORIZED);
	ck_assert_int_eq(http_server_count(), 2);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(find("nobody", START + MINUTE + GOOGLE_KEYS_PAUSE_MS - 1),
				 ERR_UNAUTHORIZED);
	ck_assert_int_eq(http_server_count(), 2);
	ck_assert_int_eq(find("nobody", START + MINUTE + GOOGLE_KEYS_PAUSE_MS), ERR_UNAUTHORIZED);
	ck_assert_int_eq(http_server_count(), 3);
}
END_TEST

START_TEST(a_new_key_is_found_by_its_kid_and_an_old_one_forgotten)
{
	http_server_answer(answer_without("second"));
	ck_assert_int_eq(find("first", START), OK);
	http_server_answer(answer_without("first"));
	ck_assert_int_eq(find("second", START + MINUTE), OK);
	ck_assert_int_eq(find("first", START + MINUTE), ERR_UNAUTHORIZED);
	ck_assert_int_eq(http_server_count(), 2);
}
END_TEST

START_TEST(a_withdrawn_key_is_refused_once_the_keys_are_old)
{
	ck_assert_int_eq(find("first", START), OK);
	http_server_answer(answer_without("first"));
	ck_assert_int_eq(find("first", START + HOUR - 1), OK);
	ck_assert_int_eq(find("first", START + HOUR), ERR_UNAUTHORIZED);
}
END_TEST

/* Whatever is no set of keys counts as not reached. */
static const char *const failures[] = {
	NULL,
	"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n" GOOGLE_KEYS,
	"HTTP/1.1 302 Found\r\nLocation: /other\r\nConnection: close\r\n\r\n",
	"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
	HEAD "\r\n",
	HEAD "\r\n<!DOCTYPE html><title>Sorry</title>",
	HEAD "\r\n{\"keys\":[]}",
	HEAD "Content-Length: 100000\r\n\r\n" GOOGLE_KEYS,
	"garbage\r\n\r\n",
};

START_TEST(without_any_keys_google_is_asked_again_after_a_pause)
{
	http_server_answer(failures[_i]);
	ck_assert_int_eq(find("first", START), ERR_UNAVAILABLE);
	ck_assert_int_eq(find("first", START + GOOGLE_KEYS_PAUSE_MS - 1), ERR_UNAVAILABLE);
	ck_assert_int_eq(http_server_count(), 1);
	http_server_answer(HEAD "\r\n" GOOGLE_KEYS);
	ck_assert_int_eq(find("first", START + GOOGLE_KEYS_PAUSE_MS), OK);
	ck_assert_int_eq(http_server_count(), 2);
}
END_TEST

START_TEST(old_keys_serve_on_while_google_cannot_be_reached_but_not_for_ever)
{
	ck_assert_int_eq(find("first", START), OK);
	http_server_answer(failures[_i]);
	ck_assert_int_eq(find("first", START + HOUR), OK);
	ck_assert_int_eq(find("first", START + HOUR + 1), OK);
	ck_assert_int_eq(http_server_count(), 2);
	ck_assert_int_eq(find("first", START + GOOGLE_KEYS_OLD_MS - 1), OK);
	ck_assert_int_eq(find("first", START + GOOGLE_KEYS_OLD_MS + MINUTE), ERR_UNAVAILABLE);
	http_server_answer(HEAD "\r\n" GOOGLE_KEYS);
	ck_assert_int_eq(find("first", START + GOOGLE_KEYS_OLD_MS + 2 * MINUTE), OK);
}
END_TEST

START_TEST(an_unknown_kid_is_no_fault_of_the_caller_while_google_cannot_be_reached)
{
	ck_assert_int_eq(find("first", START), OK);
	http_server_answer(NULL);
	ck_assert_int_eq(find("nobody", START + MINUTE), ERR_UNAVAILABLE);
	ck_assert_int_eq(find("nobody", START + MINUTE + 1), ERR_UNAVAILABLE);
	ck_assert_int_eq(find("first", START + MINUTE + 1), OK);
	ck_assert_int_eq(http_server_count(), 2);
}
END_TEST

START_TEST(a_server_that_does_not_answer_in_time_is_not_waited_for)
{
	google_keys_free(keys);
	keys = keys_new(200);
	http_server_hold(true);
	ck_assert_int_eq(find("first", START), ERR_UNAVAILABLE);
}
END_TEST

/* ---- many threads ---- */

#define CROWD 12

static void *find_in_thread(void *now)
{
	enum err err = find("first", *(int64_t *)now);

	atomic_fetch_add(err == OK ? &found : err == ERR_UNAVAILABLE ? &unavailable : &refused, 1);
	return NULL;
}

/* Until the server has been asked so often. */
static void await_requests(int wanted)
{
	while (http_server_count() < wanted)
		clock_sleep(1);
}

static void crowd_find(int64_t now)
{
	pthread_t threads[CROWD];

	http_server_hold(true);
	for (int i = 0; i < CROWD; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, find_in_thread, &now), 0);
	await_requests(1);
	clock_sleep(300); /* in which each would ask for itself; who comes later finds it */
	http_server_hold(false);
	for (int i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(one_thread_fetches_and_the_others_wait_for_it)
{
	crowd_find(START);
	ck_assert_int_eq(http_server_count(), 1);
	ck_assert_int_eq(atomic_load(&found), CROWD);
}
END_TEST

static void *find_without_turn(void *now)
{
	turn_take(TURN_NONE);
	return find_in_thread(now);
}

START_TEST(a_thread_that_serves_everybody_waits_for_no_keys)
{
	int64_t now = START;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, find_without_turn, &now), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(http_server_count(), 0);
	ck_assert_int_eq(atomic_load(&found), 0);
}
END_TEST

START_TEST(what_is_known_is_told_while_a_thread_fetches)
{
	int64_t later = START + HOUR;
	pthread_t thread;

	ck_assert_int_eq(find("first", START), OK);
	http_server_hold(true);
	ck_assert_int_eq(pthread_create(&thread, NULL, find_in_thread, &later), 0);
	await_requests(2);
	ck_assert_int_eq(find("first", later), OK);
	ck_assert_int_eq(find("second", later), OK);
	ck_assert_int_eq(atomic_load(&found), 0);
	http_server_hold(false);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&found), 1);
	ck_assert_int_eq(http_server_count(), 2);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_google_keys(void)
{
	Suite *suite = suite_create("google_keys");
	TCase *alone = tcase_create("alone");
	TCase *many = tcase_create("many");

	tcase_add_checked_fixture(alone, setup, teardown);
	tcase_set_timeout(alone, 20);
	tcase_add_test(alone, keys_are_fetched_when_first_needed_and_kept);
	tcase_add_loop_test(alone, they_are_good_as_long_as_google_says_within_reason, 0,
			    COUNT(ages));
	tcase_add_test(alone, an_unknown_kid_is_looked_for_once_in_a_while);
	tcase_add_test(alone, a_new_key_is_found_by_its_kid_and_an_old_one_forgotten);
	tcase_add_test(alone, a_withdrawn_key_is_refused_once_the_keys_are_old);
	tcase_add_loop_test(alone, without_any_keys_google_is_asked_again_after_a_pause, 0,
			    COUNT(failures));
	tcase_add_loop_test(alone,
			    old_keys_serve_on_while_google_cannot_be_reached_but_not_for_ever, 0,
			    COUNT(failures));
	tcase_add_test(alone,
		       an_unknown_kid_is_no_fault_of_the_caller_while_google_cannot_be_reached);
	tcase_add_test(alone, a_server_that_does_not_answer_in_time_is_not_waited_for);
	tcase_add_checked_fixture(many, setup, teardown);
	tcase_add_test(many, one_thread_fetches_and_the_others_wait_for_it);
	tcase_add_test(many, a_thread_that_serves_everybody_waits_for_no_keys);
	tcase_add_test(many, what_is_known_is_told_while_a_thread_fetches);
	tcase_set_timeout(many, 20);
	suite_add_tcase(suite, alone);
	suite_add_tcase(suite, many);
	return suite;
}
