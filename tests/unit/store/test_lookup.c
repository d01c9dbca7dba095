/* Which document is whose, when many were read with one command. */
#include "store/lookup.h"
#include "suites.h"

#include "store/doc.h"

#include <string.h>

enum { COUNT = 5 };

static struct arena *leaders, *arenas[COUNT];
static struct lookup lookups[COUNT], *members[COUNT];

static struct id id_of(int number)
{
	struct id id = { 0 };

	id.bytes[11] = (uint8_t)number;
	return id;
}

/* Members want 1, 2, 1, 3, 2. */
static void setup(void)
{
	static const int wanted[COUNT] = { 1, 2, 1, 3, 2 };

	leaders = arena_new();
	for (size_t i = 0; i < COUNT; i++) {
		arenas[i] = arena_new();
		lookups[i] = (struct lookup){ .arena = arenas[i], .id = id_of(wanted[i]) };
		members[i] = &lookups[i];
	}
}

static void teardown(void)
{
	for (size_t i = 0; i < COUNT; i++)
		arena_free(arenas[i]);
}

static void add(struct doc_array *docs, int number, const char *name)
{
	struct id id = id_of(number);

	doc_array_doc(docs, DOC(leaders, TEXT("name", name), ID("_id", &id)));
}

START_TEST(each_id_is_asked_for_once)
{
	const bson_t *ids = lookup_ids(leaders, members, COUNT);
	bson_iter_t at;
	int number = 0;

	bson_iter_init(&at, ids);
	while (bson_iter_next(&at)) {
		struct id id = id_of(++number);

		ck_assert(bson_oid_equal(bson_iter_oid(&at), doc_oid(&id)));
	}
	ck_assert_int_eq(number, 3);
	arena_free(leaders);
}
END_TEST

START_TEST(each_gets_its_own_in_whatever_order_they_come_and_nobody_anothers)
{
	struct doc_array docs = doc_array_new(leaders);
	uint32_t largest;

	add(&docs, 3, "three");
	add(&docs, 1, "the one");
	lookup_hand_out(docs.doc, members, COUNT, &largest);
	/* what they got is theirs: it outlives the reply */
	arena_free(leaders);
	ck_assert_str_eq(doc_text(lookups[0].found, "name"), "the one");
	ck_assert_str_eq(doc_text(lookups[2].found, "name"), "the one");
	ck_assert_str_eq(doc_text(lookups[3].found, "name"), "three");
	ck_assert_ptr_null(lookups[1].found);
	ck_assert_ptr_null(lookups[4].found);
	ck_assert_ptr_ne(lookups[0].found, lookups[2].found);
	ck_assert_uint_eq(largest, doc_size(lookups[0].found));
}
END_TEST

START_TEST(an_empty_reply_is_nobodys)
{
	struct doc_array docs = doc_array_new(leaders);
	uint32_t largest;

	lookup_hand_out(docs.doc, members, COUNT, &largest);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_ptr_null(lookups[i].found);
	ck_assert_uint_eq(largest, 0);
	arena_free(leaders);
}
END_TEST

Suite *suite_lookup(void)
{
	Suite *suite = suite_create("lookup");
	TCase *tc = tcase_create("groups");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_id_is_asked_for_once);
	tcase_add_test(tc, each_gets_its_own_in_whatever_order_they_come_and_nobody_anothers);
	tcase_add_test(tc, an_empty_reply_is_nobodys);
	suite_add_tcase(suite, tc);
	return suite;
}
