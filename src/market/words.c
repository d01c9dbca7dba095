#include "market/words.h"

#include "base/encoding.h"
#include "base/unicode.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

struct word_set {
	struct arena *arena;
	const char **words;
	size_t count, room;
};

static void word_add(struct word_set *set, const char *word, size_t length)
{
	set->words = arena_grow(set->arena, set->words, set->count, &set->room, sizeof *set->words);
	set->words[set->count++] = arena_copy(set->arena, word, length);
}

static void words_split(struct word_set *set, const char *text)
{
	size_t left = text ? strlen(text) : 0, length = 0;
	/* lower case may be longer in bytes: U+023A has two, its lower case three */
	char *word = arena_alloc(set->arena, left * 2 + 4);

	while (left) {
		size_t step = left;
		uint32_t letter = utf8_next(text, &step);
		bool in_word = unicode_is_alnum(letter);

		if (in_word)
			length += utf8_encode(unicode_fold(letter), word + length);
		if (length && (!in_word || step == left)) {
			word_add(set, word, length);
			length = 0;
		}
		text += step;
		left -= step;
	}
}

static int word_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void words_distinct(struct word_set *set)
{
	size_t kept = 0;

	if (!set->count)
		return;
	qsort(set->words, set->count, sizeof *set->words, word_compare);
	for (size_t i = 1; i < set->count; i++)
		if (strcmp(set->words[kept], set->words[i]))
			set->words[++kept] = set->words[i];
	set->count = kept + 1;
}

static struct word_set words_read(struct arena *arena, const char *first, const char *second)
{
	struct word_set set = { .arena = arena };

	words_split(&set, first);
	words_split(&set, second);
	words_distinct(&set);
	return set;
}

static bson_t *words_array(struct arena *arena, const struct word_set *set)
{
	struct doc_array array = doc_array_new(arena);

	for (size_t i = 0; i < set->count; i++)
		doc_array_text(&array, set->words[i]);
	return array.doc;
}

bson_t *words_of(struct arena *arena, const char *first, const char *second)
{
	struct word_set set = words_read(arena, first, second);

	return words_array(arena, &set);
}

/* A word holds letters and digits alone, so it needs no escaping. */
static bson_t *word_in_text(struct arena *arena, const char *word, const char *const *fields,
			    size_t count)
{
	const char *pattern = arena_printf(arena, "(^|[^\\p{L}\\p{N}])%s($|[^\\p{L}\\p{N}])", word);
	struct doc_array either = doc_array_new(arena);

	for (size_t i = 0; i < count; i++)
		doc_array_doc(&either, DOC(arena, fields[i], BCON_REGEX(pattern, "i")));
	return DOC(arena, "$or", BCON_ARRAY(either.doc));
}

bson_t *words_filter(struct arena *arena, const char *query, const char *const *text_fields,
		     size_t field_count)
{
	struct word_set set = words_read(arena, query, NULL);
	struct doc_array each = doc_array_new(arena);

	if (!set.count)
		return NULL;
	doc_array_doc(&each, DOC(arena, "words", BCON_NULL));
	for (size_t i = 0; i < set.count; i++)
		doc_array_doc(&each, word_in_text(arena, set.words[i], text_fields, field_count));
	return DOC(arena, "$or", "[", "{", "words", "{", "$all",
		   BCON_ARRAY(words_array(arena, &set)), "}", "}", "{", "$and",
		   BCON_ARRAY(each.doc), "}", "]");
}
