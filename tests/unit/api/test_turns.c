/* Whose share a turn is taken from, and what a process has to share out. */
#include "api/turns.h"
#include "auth/password.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fair_key share_of(const char *address, enum turn turn, char account)
{
	const struct route route = { .turn = turn };
	struct request rq = { .arena = arena_new(), .address = address, .route = &route };

	rq.caller.known = account != 0;
	memset(rq.caller.id.bytes, account, sizeof rq.caller.id.bytes);
	struct fair_key share = turns_share(&rq);
	arena_free(rq.arena);
	return share;
}

static bool one_address(const char *a, const char *b)
{
	return share_of(a, TURN_HASH, 0).outer == share_of(b, TURN_HASH, 0).outer;
}

PROMISE("1 Limits", "No address can take more than its share of turns to hash")
START_TEST(an_ipv6_network_is_one_address)
{
	ck_assert(one_address("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	ck_assert(!one_address("2001:db8:1:2::1", "2001:db8:1:3::1"));
	ck_assert(one_address("192.0.2.1", "192.0.2.1"));
	ck_assert(!one_address("192.0.2.1", "192.0.2.2"));
	ck_assert(one_address(NULL, NULL));
}
END_TEST

START_TEST(addresses_share_hashing_and_accounts_what_is_behind_one)
{
	struct fair_key a = share_of("192.0.2.1", TURN_HASH, 'a');
	struct fair_key b = share_of("192.0.2.1", TURN_HASH, 'b');

	ck_assert_uint_eq(a.outer, b.outer);
	ck_assert_uint_ne(a.inner, b.inner);
}
END_TEST

START_TEST(accounts_share_calls_to_stripe_wherever_they_come_from)
{
	struct fair_key here = share_of("192.0.2.1", TURN_PROVIDER, 'a');
	struct fair_key there = share_of("192.0.2.2", TURN_PROVIDER, 'a');

	ck_assert_uint_eq(here.outer, there.outer);
	ck_assert_uint_ne(here.outer, share_of("192.0.2.1", TURN_PROVIDER, 'b').outer);
}
END_TEST

START_TEST(everything_scarce_that_a_route_needs_has_turns)
{
	const struct config config = { .threads = 16, .queue = 1024 };
	const struct routes routes = api_routes();
	struct bulkhead_limits limits[TURN_COUNT];
	char run_dir[] = "/tmp/check_turns_XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(run_dir));
	struct password_semaphore *semaphore = password_semaphore_new(run_dir);
	ck_assert_int_eq(turns_plan(&config, semaphore, limits),
			 limits[TURN_HASH].turns + limits[TURN_PROVIDER].turns +
				 limits[TURN_GOOGLE].turns + 3);
	for (size_t i = 0; i < routes.count; i++)
		if (routes.rows[i].turn != TURN_NONE)
			ck_assert_int_gt(limits[routes.rows[i].turn].turns, 0);
	for (enum turn turn = TURN_HASH; turn < TURN_COUNT; turn++)
		ck_assert_msg(limits[turn].wait_ms <= 10000, "nginx gives up at 15 s");
	for (int slot = 0; slot < password_semaphore_slots(semaphore); slot++) {
		char path[64];

		snprintf(path, sizeof path, "%s/hash.%d.lock", run_dir, slot);
		unlink(path);
	}
	password_semaphore_free(semaphore);
	rmdir(run_dir);
}
END_TEST

Suite *suite_turns(void)
{
	Suite *suite = suite_create("turns");
	TCase *shares = tcase_create("shares");

	tcase_add_test(shares, an_ipv6_network_is_one_address);
	tcase_add_test(shares, addresses_share_hashing_and_accounts_what_is_behind_one);
	tcase_add_test(shares, accounts_share_calls_to_stripe_wherever_they_come_from);
	tcase_add_test(shares, everything_scarce_that_a_route_needs_has_turns);
	suite_add_tcase(suite, shares);
	return suite;
}
