/* What is kept of a ticket. Spending one takes a database: tests/api/test_streams.py. */
#include "auth/ticket.h"
#include "base/digest.h"
#include "market/rule.h"
#include "suites.h"

#include <string.h>

static const struct caller caller = { .id = { { 1, 2, 3 } },
				      .issued_at = 1000,
				      .expires_at = 2000 };

static const bson_t *kept_of(size_t step)
{
	const bson_t *doc = rule_insert(step, TICKETS, ERR_INTERNAL);

	ck_assert_ptr_nonnull(doc);
	return doc;
}

START_TEST(whoever_reads_the_database_has_no_ticket)
{
	const char *ticket = ticket_issue(&rule.txn, &caller, 5000);
	char *kept = bson_as_canonical_extended_json(kept_of(0), NULL);
	uint8_t digest[DIGEST_SIZE];
	bson_iter_t id;

	ck_assert_uint_eq(strlen(ticket), 43); /* 32 random bytes */
	ck_assert_ptr_null(strstr(kept, ticket));
	bson_free(kept);
	digest_sha256(ticket, strlen(ticket), digest);
	ck_assert(bson_iter_init_find(&id, kept_of(0), "_id") && BSON_ITER_HOLDS_BINARY(&id));
	uint32_t length;
	const uint8_t *bytes;
	bson_iter_binary(&id, NULL, &length, &bytes);
	ck_assert_uint_eq(length, sizeof digest);
	ck_assert_mem_eq(bytes, digest, sizeof digest);
}
END_TEST

START_TEST(it_ends_in_a_minute_and_has_the_times_of_its_token)
{
	struct id user;

	ticket_issue(&rule.txn, &caller, 5000);
	ck_assert(doc_id(kept_of(0), "user_id", &user) && id_equal(&user, &caller.id));
	ck_assert_int_eq(doc_whole(kept_of(0), "issued_at", 0), 1000);
	ck_assert_int_eq(doc_whole(kept_of(0), "token_expires_at", 0), 2000);
	ck_assert_int_eq(doc_date(kept_of(0), "expires_at", 0), 65000);
}
END_TEST

START_TEST(no_two_are_the_same)
{
	const char *first = ticket_issue(&rule.txn, &caller, 5000);

	ck_assert_str_ne(first, ticket_issue(&rule.txn, &caller, 5000));
	ck_assert(!bson_equal(kept_of(0), kept_of(1)));
}
END_TEST

Suite *suite_ticket(void)
{
	Suite *suite = suite_create("ticket");
	TCase *issued = tcase_create("issued");

	tcase_add_checked_fixture(issued, rule_setup, rule_teardown);
	tcase_add_test(issued, whoever_reads_the_database_has_no_ticket);
	tcase_add_test(issued, it_ends_in_a_minute_and_has_the_times_of_its_token);
	tcase_add_test(issued, no_two_are_the_same);
	suite_add_tcase(suite, issued);
	return suite;
}
