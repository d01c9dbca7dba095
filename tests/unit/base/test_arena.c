#include "base/arena.h"
#include "suites.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

START_TEST(memory_is_zeroed_and_aligned_for_any_type)
{
	struct arena *arena = arena_new();

	for (size_t size = 0; size < 300; size++) {
		unsigned char *memory = arena_alloc(arena, size);
		ck_assert_uint_eq((uintptr_t)memory % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(memory[i], 0);
		memset(memory, 0xff, size);
	}
	arena_free(arena);
}
END_TEST

START_TEST(memory_is_zeroed_again_after_a_reset)
{
	struct arena *arena = arena_new();

	memset(arena_alloc(arena, 1000), 0xff, 1000);
	arena_reset(arena);
	const unsigned char *memory = arena_alloc(arena, 1000);
	for (size_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(memory[i], 0);
	arena_free(arena);
}
END_TEST

START_TEST(no_two_allocations_overlap)
{
	struct arena *arena = arena_new();
	unsigned char *blocks[500];

	/* Sizes around and far above those of a block. */
	for (size_t i = 0; i < 500; i++) {
		blocks[i] = arena_alloc(arena, i * 331);
		memset(blocks[i], (int)(i & 0xff), i * 331);
	}
	for (size_t i = 0; i < 500; i++)
		for (size_t k = 0; k < i * 331; k++)
			if (blocks[i][k] != (i & 0xff))
				ck_abort_msg("block %zu was overwritten", i);
	arena_free(arena);
}
END_TEST

START_TEST(a_list_grows_with_what_it_holds)
{
	struct arena *arena = arena_new();
	int *list = NULL;
	size_t room = 0;

	for (size_t i = 0; i < 1000; i++) {
		list = arena_grow(arena, list, i, &room, sizeof *list);
		ck_assert_uint_gt(room, i);
		list[i] = (int)i;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(list[i], i);
	arena_free(arena);
}
END_TEST

START_TEST(an_empty_allocation_has_an_address_of_its_own)
{
	struct arena *arena = arena_new();

	ck_assert_ptr_ne(arena_alloc(arena, 0), arena_alloc(arena, 0));
	arena_free(arena);
}
END_TEST

START_TEST(texts_are_copied_with_a_nul_behind)
{
	struct arena *arena = arena_new();
	char original[] = "some text";

	char *text = arena_text(arena, original);
	char *part = arena_copy(arena, original, 4);
	char *none = arena_copy(arena, NULL, 0);
	memset(original, 'x', sizeof(original) - 1);
	ck_assert_str_eq(text, "some text");
	ck_assert_str_eq(part, "some");
	ck_assert_str_eq(none, "");
	arena_free(arena);
}
END_TEST

START_TEST(printf_makes_room_for_any_length)
{
	struct arena *arena = arena_new();
	char *wide = arena_printf(arena, "%0100000d|%s", 7, "end");

	ck_assert_uint_eq(strlen(wide), 100004);
	ck_assert_str_eq(wide + 99999, "7|end");
	arena_free(arena);
}
END_TEST

struct released {
	char *order;
	char mark;
};

static void release_note(void *object)
{
	const struct released *released = object;
	size_t length = strlen(released->order);

	released->order[length] = released->mark;
}

START_TEST(deferred_releases_run_once_and_in_reverse_order)
{
	char order[8] = "";
	struct released first = { order, '1' }, second = { order, '2' }, third = { order, '3' };
	struct arena *arena = arena_new();

	arena_defer(arena, release_note, &first);
	arena_defer(arena, release_note, &second);
	arena_reset(arena);
	ck_assert_str_eq(order, "21");
	arena_defer(arena, release_note, &third);
	arena_free(arena);
	ck_assert_str_eq(order, "213");
}
END_TEST

static void release_nothing(void *object)
{
	ck_assert_ptr_null(object);
}

START_TEST(deferring_null_and_freeing_null_are_fine)
{
	struct arena *arena = arena_new();

	arena_defer(arena, release_nothing, NULL);
	arena_free(arena);
	arena_free(NULL);
}
END_TEST

static void release_by_allocating(void *object)
{
	arena_defer(object, release_nothing, NULL);
}

START_TEST(a_release_may_itself_allocate_and_defer)
{
	struct arena *arena = arena_new();

	arena_defer(arena, release_by_allocating, arena);
	arena_free(arena);
}
END_TEST

Suite *suite_arena(void)
{
	Suite *suite = suite_create("arena");
	TCase *memory = tcase_create("memory");
	TCase *release = tcase_create("release");

	tcase_add_test(memory, memory_is_zeroed_and_aligned_for_any_type);
	tcase_add_test(memory, memory_is_zeroed_again_after_a_reset);
	tcase_add_test(memory, no_two_allocations_overlap);
	tcase_add_test(memory, a_list_grows_with_what_it_holds);
	tcase_add_test(memory, an_empty_allocation_has_an_address_of_its_own);
	tcase_add_test(memory, texts_are_copied_with_a_nul_behind);
	tcase_add_test(memory, printf_makes_room_for_any_length);
	tcase_add_test(release, deferred_releases_run_once_and_in_reverse_order);
	tcase_add_test(release, deferring_null_and_freeing_null_are_fine);
	tcase_add_test(release, a_release_may_itself_allocate_and_defer);
	suite_add_tcase(suite, memory);
	suite_add_tcase(suite, release);
	return suite;
}
