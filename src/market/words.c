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

/* A mark belongs to the letter it stands on; on anything else it is no word. */
static void words_split(struct word_set *set, const char *text)
{
	const char *start = NULL;
	size_t size;

	for (; *text; text += size) {
		uint32_t c = utf8_next(text, &size);
		bool within = unicode_is_alnum(c) || (start && unicode_is_mark(c));

		if (within && !start)
			start = text;
		if (!within && start) {
			word_add(set, start, (size_t)(text - start));
			start = NULL;
		}
	}
	if (start)
		word_add(set, start, (size_t)(text - start));
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

	words_split(&set, unicode_fold_text(arena, first ? first : ""));
	words_split(&set, unicode_fold_text(arena, second ? second : ""));
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

bool words_any(struct arena *arena, const char *text)
{
	return words_read(arena, text, NULL).count > 0;
}

static const char *beginning(struct arena *arena, const char *text)
{
	enum { BYTES_MOST = 20000 };
	size_t length = text ? strnlen(text, BYTES_MOST + 1) : 0;

	if (length <= BYTES_MOST)
		return text;
	for (length = BYTES_MOST; length && (text[length] & 0xC0) == 0x80;)
		length--;
	return arena_copy(arena, text, length);
}

void words_set(struct arena *arena, bson_t *set, const char *first, const char *second)
{
	BSON_APPEND_ARRAY(set, "words",
			  words_of(arena, beginning(arena, first), beginning(arena, second)));
	BSON_APPEND_INT32(set, "search_version", SEARCH_VERSION);
}

/* ---- queries ---- */

/* A word holds letters, digits and marks alone, so it needs no escaping. */
static bson_t *word_in_text(struct arena *arena, const char *word, const char *const *fields,
			    size_t count)
{
	static const char other[] = "[^\\p{L}\\p{N}\\p{M}]";
	const char *pattern = arena_printf(arena, "(^|%s)%s($|%s)", other, word, other);
	struct doc_array either = doc_array_new(arena);

	for (size_t i = 0; i < count; i++)
		doc_array_doc(&either, DOC(arena, PAIR(fields[i], BCON_REGEX(pattern, "i"))));
	return DOC(arena, ARRAY("$or", either.doc));
}

/* For records without `words`. */
static bson_t *words_in_text(struct arena *arena, const struct word_set *set,
			     const char *const *fields, size_t count)
{
	struct doc_array each = doc_array_new(arena);

	doc_array_doc(&each, DOC(arena, NONE("words")));
	for (size_t i = 0; i < set->count; i++)
		doc_array_doc(&each, word_in_text(arena, set->words[i], fields, count));
	return DOC(arena, ARRAY("$and", each.doc));
}

bson_t *words_filter(struct arena *arena, const char *query, const char *const *text_fields,
		     size_t field_count)
{
	struct word_set folded = words_read(arena, query, NULL), typed = { .arena = arena };
	struct doc_array either = doc_array_new(arena);

	if (!folded.count)
		return DOC(arena, SUB("words", EMPTY_LIST("$in")));
	words_split(&typed, query);
	doc_array_doc(&either,
		      DOC(arena, SUB("words", ARRAY("$all", words_array(arena, &folded)))));
	doc_array_doc(&either, words_in_text(arena, &folded, text_fields, field_count));
	doc_array_doc(&either, words_in_text(arena, &typed, text_fields, field_count));
	return DOC(arena, ARRAY("$or", either.doc));
}
