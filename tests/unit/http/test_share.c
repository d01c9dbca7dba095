/* Answers that are made once for several who ask at the same moment. */
#include "base/clock.h"
#include "http/app.h"
#include "http/pipeline.h"
#include "http/route.h"
#include "http/share.h"
#include "suites.h"
#undef fail /* an old name of ck_abort_msg; in http it refuses a request */

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ASKERS_MAX = 12 };

static atomic_int makings;
static atomic_bool hold;
static sem_t held, go_on; /* of a making that is held up */
static _Atomic int64_t made_at; /* the time of the last making */
static atomic_int result; /* OK, or what the handler fails with */

static const struct view_row said_rows[] = { MEMBER("address", TEXT), MEMBER("making", WHOLE) };
static const struct view said_view = VIEW_OF("Said", said_rows);

static enum err say(struct request *rq)
{
	int making = atomic_fetch_add(&makings, 1) + 1;

	made_at = rq->now;
	if (atomic_exchange(&hold, false)) {
		sem_post(&held);
		sem_wait(&go_on);
	}
	if (result != OK)
		return fail_field(rq, "address", (enum err)result, arena_text(rq->arena, rq->uri));
	struct json *json = respond(rq);

	json_text(json, "address", rq->uri);
	json_int(json, "making", making);
	respond_header(rq, "X-Made", "yes");
	return OK;
}

static const struct route table[] = {
	{ .method = GET,
	  .path = "/said",
	  .access = ACCESS_OPTIONAL,
	  .flags = SHARED,
	  .handler = say,
	  .view = &said_view },
};

static enum err authenticate(struct request *rq, const char *token)
{
	rq->caller.known = token && !strcmp(token, "good");
	return rq->caller.known ? OK : ERR_UNAUTHORIZED;
}

static struct app app = { .routes = ROUTES_OF(table),
			  .authenticate = authenticate,
			  .adopted = true };

/* ---- those who ask ---- */

struct asker {
	struct request rq;
	char id[16];
	pthread_t thread;
};

static struct asker askers[ASKERS_MAX];

static void setup(void)
{
	app.shared = share_new();
	makings = 0;
	hold = false;
	result = OK;
	sem_init(&held, 0, 0);
	sem_init(&go_on, 0, 0);
	clock_heard(clock_of_host());
	memset(askers, 0, sizeof askers);
	for (int i = 0; i < ASKERS_MAX; i++) {
		struct asker *asker = &askers[i];

		snprintf(asker->id, sizeof asker->id, "req-%d", i);
		asker->rq = (struct request){ .arena = arena_new(),
					      .app = &app,
					      .method = "GET",
					      .uri = "/api/said",
					      .request_id = asker->id };
	}
}

static void teardown(void)
{
	gathers_free(app.shared);
	for (int i = 0; i < ASKERS_MAX; i++) {
		arena_free(askers[i].rq.arena);
		buffer_free(&askers[i].rq.out);
		buffer_free(&askers[i].rq.headers);
	}
}

static void *ask(void *asker)
{
	pipeline_run(&((struct asker *)asker)->rq);
	return NULL;
}

static void begin(int i)
{
	pthread_create(&askers[i].thread, NULL, ask, &askers[i]);
}

/* The first is held up in its making, until `waiting` of those after it wait for the next. */
static void all_ask(int count, size_t waiting)
{
	hold = true;
	begin(0);
	sem_wait(&held);
	for (int i = 1; i < count; i++)
		begin(i);
	while (gathers_waiting(app.shared) < waiting)
		sched_yield();
	int64_t now = clock_now();
	while (clock_now() == now)
		sched_yield();
	sem_post(&go_on);
	for (int i = 0; i < count; i++)
		pthread_join(askers[i].thread, NULL);
}

static void expect_making(int i, int making)
{
	char body[128];

	snprintf(body, sizeof body, "{\"address\":\"%s\",\"making\":%d}", askers[i].rq.uri, making);
	ck_assert_str_eq(askers[i].rq.out.bytes, body);
	ck_assert_ptr_nonnull(strstr(askers[i].rq.headers.bytes, "X-Made: yes\r\n"));
	ck_assert_ptr_nonnull(strstr(askers[i].rq.headers.bytes, "ETag: W/"));
}

/* ---- tests ---- */

START_TEST(those_who_come_meanwhile_get_the_next_making)
{
	all_ask(8, 7);
	ck_assert_int_eq(makings, 2);
	expect_making(0, 1);
	for (int i = 1; i < 8; i++) {
		ck_assert_int_eq(askers[i].rq.status, 200);
		expect_making(i, 2);
	}
}
END_TEST

/* Of the two who wait, one makes it, and has its time. */
START_TEST(a_making_has_a_time_after_all_its_requests)
{
	int64_t first, last;

	all_ask(3, 2);
	first = askers[1].rq.now < askers[2].rq.now ? askers[1].rq.now : askers[2].rq.now;
	last = askers[1].rq.now + askers[2].rq.now - first;
	ck_assert_int_lt(first, last);
	ck_assert_int_eq(last, made_at);
}
END_TEST

START_TEST(nothing_is_kept_of_a_making)
{
	for (int i = 0; i < 3; i++) {
		ask(&askers[i]);
		expect_making(i, i + 1);
	}
}
END_TEST

/* They do not even wait: the first is still held up when they are through. */
START_TEST(another_address_is_another_answer_at_once)
{
	askers[1].rq.uri = "/api/said?q=1";
	hold = true;
	begin(0);
	sem_wait(&held);
	ask(&askers[1]);
	expect_making(1, 2);
	sem_post(&go_on);
	pthread_join(askers[0].thread, NULL);
	expect_making(0, 1);
}
END_TEST

START_TEST(who_is_known_shares_nothing)
{
	askers[1].rq.authorization = "Bearer good";
	hold = true;
	begin(0);
	sem_wait(&held);
	ask(&askers[1]);
	expect_making(1, 2);
	sem_post(&go_on);
	pthread_join(askers[0].thread, NULL);
}
END_TEST

/* Who sends a bad token gets what all get, with their own word about keeping it. */
START_TEST(what_a_request_says_of_its_answer_is_its_own)
{
	ask(&askers[11]);
	makings = 0;
	askers[1].rq.authorization = "Bearer stale";
	askers[2].rq.if_none_match = "*";
	askers[3].rq.if_none_match = "\"another\"";
	all_ask(4, 3);
	ck_assert_int_eq(makings, 2);
	expect_making(1, 2);
	ck_assert_ptr_nonnull(strstr(askers[1].rq.headers.bytes, "Cache-Control: no-store"));
	ck_assert_ptr_nonnull(strstr(askers[2].rq.headers.bytes, "Cache-Control: no-cache"));
	ck_assert_int_eq(askers[2].rq.status, 304);
	ck_assert_uint_eq(askers[2].rq.out.length, 0);
	ck_assert_int_eq(askers[3].rq.status, 200);
	expect_making(3, 2);
}
END_TEST

static void expect_id_of_its_own(int i)
{
	char part[64];

	snprintf(part, sizeof part, "\"requestId\":\"%s\"", askers[i].id);
	ck_assert_ptr_nonnull(strstr(askers[i].rq.out.bytes, part));
}

START_TEST(a_failure_of_ours_is_shared_and_does_not_stick)
{
	result = ERR_UNAVAILABLE;
	all_ask(6, 5);
	ck_assert_int_eq(makings, 2);
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(askers[i].rq.status, 503);
		expect_id_of_its_own(i);
	}
	result = OK;
	ask(&askers[6]);
	expect_making(6, 3);
}
END_TEST

/* It would hear of the next one too late. */
START_TEST(who_has_waited_too_long_is_told_at_once)
{
	hold = true;
	begin(0);
	sem_wait(&held);
	begin(1);
	while (gathers_waiting(app.shared) < 1)
		sched_yield();
	askers[1].rq.started_us -= 3000000;
	sem_post(&go_on);
	for (int i = 0; i < 2; i++)
		pthread_join(askers[i].thread, NULL);
	ck_assert_int_eq(askers[0].rq.status, 200);
	ck_assert_int_eq(askers[1].rq.status, 503);
	ck_assert_int_eq(makings, 1);
}
END_TEST

START_TEST(a_refusal_is_each_ones_own)
{
	result = ERR_INVALID_INPUT;
	all_ask(6, 5);
	ck_assert_int_eq(makings, 6);
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(askers[i].rq.status, 400);
		ck_assert_ptr_nonnull(strstr(askers[i].rq.out.bytes, "\"field\":\"address\""));
		expect_id_of_its_own(i);
	}
}
END_TEST

Suite *suite_share(void)
{
	Suite *suite = suite_create("share");
	TCase *tests = tcase_create("share");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, those_who_come_meanwhile_get_the_next_making);
	tcase_add_test(tests, a_making_has_a_time_after_all_its_requests);
	tcase_add_test(tests, nothing_is_kept_of_a_making);
	tcase_add_test(tests, another_address_is_another_answer_at_once);
	tcase_add_test(tests, who_is_known_shares_nothing);
	tcase_add_test(tests, what_a_request_says_of_its_answer_is_its_own);
	tcase_add_test(tests, a_failure_of_ours_is_shared_and_does_not_stick);
	tcase_add_test(tests, who_has_waited_too_long_is_told_at_once);
	tcase_add_test(tests, a_refusal_is_each_ones_own);
	suite_add_tcase(suite, tests);
	return suite;
}
