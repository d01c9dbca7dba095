/* The demo data as records, before they go into a database: they follow from their numbers, and the books balance. */
#include "base/memory.h"
#include "ctl/seed_private.h"
#include "market/ledger.h"
#include "store/doc.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1900000000123)

static struct seeding *made(int64_t tasks)
{
	struct seeding *seeding = memory_new(sizeof *seeding);

	seeding->arena = arena_new();
	seeding->now = NOW;
	seeding->tasks = tasks;
	seeding->buyers = 3;
	seeding->workers = 6;
	seeding->tallies = memory_new(10 * sizeof *seeding->tallies);
	seed_tally(seeding);
	for (int64_t user = 0; user < 10; user++)
		seed_add_user(seeding, user);
	for (int64_t task = 0; task < tasks; task++)
		seed_add_task(seeding, task);
	return seeding;
}

static void dropped(struct seeding *seeding)
{
	arena_free(seeding->arena);
	free(seeding->tallies);
	free(seeding);
}

START_TEST(a_run_that_was_cut_off_makes_the_same_records_again)
{
	struct seeding *first = made(40), *again = made(40);

	for (enum collection in = 0; in < COLLECTION_COUNT; in++) {
		ck_assert_uint_eq(first->bulks[in].count, again->bulks[in].count);
		for (size_t i = 0; i < first->bulks[in].count; i++)
			ck_assert(bson_equal(first->bulks[in].docs[i], again->bulks[in].docs[i]));
	}
	dropped(first);
	dropped(again);
}
END_TEST

START_TEST(ids_are_in_the_order_of_numbers_and_of_the_demo_alone)
{
	static const enum collection all[] = { USERS, TASKS, SUBMISSIONS, NOTIFICATIONS };
	struct seeding *seeding = made(40);

	for (size_t a = 0; a < 4; a++) {
		const struct bulk *bulk = &seeding->bulks[all[a]];
		struct id before = { { 0 } };

		ck_assert_uint_gt(bulk->count, 0);
		for (size_t i = 0; i < bulk->count; i++) {
			struct id id = doc_own_id(bulk->docs[i]);

			ck_assert_int_gt(id_compare(&id, &before), 0);
			ck_assert_mem_eq(id.bytes, "demo", 4);
			before = id;
		}
	}
	dropped(seeding);
}
END_TEST

/* What the journal leaves in an account. */
static int64_t left_in(const struct seeding *seeding, const struct account *account)
{
	const struct bulk *rows = &seeding->bulks[LEDGER];
	const char *name = account_name(seeding->arena, account);
	int64_t left = 0;

	for (size_t i = 0; i < rows->count; i++) {
		int64_t coins = doc_whole(rows->docs[i], "coins", 0);

		ck_assert_int_gt(coins, 0);
		left += doc_text_is(rows->docs[i], "to", name) ? coins : 0;
		left -= doc_text_is(rows->docs[i], "from", name) ? coins : 0;
	}
	return left;
}

START_TEST(what_each_user_has_is_what_the_journal_says)
{
	struct seeding *seeding = made(40);

	for (size_t i = 0; i < seeding->bulks[USERS].count; i++) {
		const bson_t *user = seeding->bulks[USERS].docs[i];
		struct id id = doc_own_id(user);
		struct account account = account_user(&id);
		int64_t coins = doc_whole(user, "coins", -1);

		ck_assert_int_ge(coins, 0);
		ck_assert_int_eq(left_in(seeding, &account), coins);
	}
	dropped(seeding);
}
END_TEST

/* How many records there have this id in this field, and this status. */
static int64_t count_of(const struct bulk *bulk, const char *field, const struct id *id,
			const char *status)
{
	int64_t count = 0;
	struct id found;

	for (size_t i = 0; i < bulk->count; i++)
		count += doc_id(bulk->docs[i], field, &found) && id_equal(&found, id) &&
			 doc_text_is(bulk->docs[i], "status", status);
	return count;
}

START_TEST(each_escrow_pays_the_open_slots_and_the_work_that_waits)
{
	struct seeding *seeding = made(40);

	for (size_t i = 0; i < seeding->bulks[TASKS].count; i++) {
		const bson_t *task = seeding->bulks[TASKS].docs[i];
		struct id id = doc_own_id(task);
		struct account account = account_escrow(&id);
		int64_t waits = count_of(&seeding->bulks[SUBMISSIONS], "task_id", &id, "pending");
		int64_t slots = doc_whole(task, "required_workers", -1) + waits;

		ck_assert_int_ge(slots, 0);
		ck_assert_int_eq(left_in(seeding, &account),
				 slots * doc_whole(task, "payable_amount", 0));
	}
	dropped(seeding);
}
END_TEST

START_TEST(users_count_their_open_tasks_and_the_work_that_waits)
{
	struct seeding *seeding = made(40);

	for (size_t i = 0; i < seeding->bulks[USERS].count; i++) {
		const bson_t *user = seeding->bulks[USERS].docs[i];
		struct id id = doc_own_id(user);

		ck_assert_int_eq(doc_whole(user, "open_tasks", -1),
				 count_of(&seeding->bulks[TASKS], "buyer_id", &id, "active"));
		ck_assert_int_eq(
			doc_whole(user, "pending_submissions", -1),
			count_of(&seeding->bulks[SUBMISSIONS], "worker_id", &id, "pending"));
	}
	dropped(seeding);
}
END_TEST

START_TEST(nobody_hands_in_work_twice_for_a_task)
{
	struct seeding *seeding = made(40);
	const struct bulk *works = &seeding->bulks[SUBMISSIONS];

	for (size_t i = 0; i < works->count; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(doc_text(works->docs[i], "slot_key"),
					 doc_text(works->docs[j], "slot_key"));
	dropped(seeding);
}
END_TEST

Suite *suite_seed(void)
{
	Suite *suite = suite_create("seed");
	TCase *records = tcase_create("records");

	tcase_add_test(records, a_run_that_was_cut_off_makes_the_same_records_again);
	tcase_add_test(records, ids_are_in_the_order_of_numbers_and_of_the_demo_alone);
	tcase_add_test(records, what_each_user_has_is_what_the_journal_says);
	tcase_add_test(records, each_escrow_pays_the_open_slots_and_the_work_that_waits);
	tcase_add_test(records, users_count_their_open_tasks_and_the_work_that_waits);
	tcase_add_test(records, nobody_hands_in_work_twice_for_a_task);
	suite_add_tcase(suite, records);
	return suite;
}
