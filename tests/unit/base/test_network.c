#include "base/count.h"
#include "base/network.h"
#include "suites.h"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static const struct {
	const char *address, *network;
} networks[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "::ffff:c000:201", "192.0.2.1" },
	{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
	{ "2001:db8:1:2::", "2001:db8:1:2::/64" },
	{ "2001:DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64" },
	{ "2001:db8::1", "2001:db8::/64" },
	{ "2001::1:0:0:1", "2001::/64" },
	{ "::1", "::/64" },
	{ "::1:2:3:4:5:6", "0:0:1:2::/64" },
	{ "::192.0.2.1", "::/64" },
	{ "::fffe:192.0.2.1", "::/64" },
	{ "64:ff9b::192.0.2.1", "64:ff9b::/64" },
	{ "unix:", "unix:" },
	{ "no address", "no address" },
	{ "", "" },
	{ NULL, "" },
};

PROMISE("1 Limits", "Of an IPv6 address its /64 counts")
START_TEST(an_address_counts_as_its_network)
{
	ck_assert_str_eq(network_of(arena, networks[_i].address), networks[_i].network);
}
END_TEST

Suite *suite_network(void)
{
	Suite *suite = suite_create("network");
	TCase *tests = tcase_create("network");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, an_address_counts_as_its_network, 0, COUNT_OF(networks));
	suite_add_tcase(suite, tests);
	return suite;
}
