/* Whose e-mail is it? Looked up for a whole batch in one query or two. */
#include "market/adoption_private.h"

#include "base/email.h"
#include "base/encoding.h"
#include "http/text.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

/* ---- the same in any case ---- */

const char *email_trim(struct arena *arena, const char *email)
{
	size_t length = strlen(email);

	if (!utf8_valid(email, length))
		return email;
	const char *text = text_trim(email, &length);
	return text[length] ? arena_copy(arena, text, length) : text;
}

bool email_has_blanks(struct arena *arena, const char *email)
{
	const char *bare = email ? email_trim(arena, email) : "";

	return *bare && strlen(bare) != strlen(email);
}

const char *email_key_of(struct arena *arena, const char *email)
{
	return email_fold(arena, email_trim(arena, email));
}

bson_t *fold_of(struct arena *arena, const char *path)
{
	bson_t *text = DOC(arena, "$cond", "[", "{", "$eq", "[", "{", "$type", BCON_UTF8(path), "}",
			   BCON_UTF8("string"), "]", "}", BCON_UTF8(path), BCON_UTF8(""), "]");

	return DOC(arena, "$toLower", "{", "$trim", "{", "chars", BCON_UTF8(TEXT_BLANKS), "input",
		   BCON_DOCUMENT(text), "}", "}");
}

int age_compare(int64_t created, const struct id *id, int64_t other_created, const struct id *other)
{
	if (created != other_created)
		return created < other_created ? -1 : 1;
	return id_compare(id, other);
}

/* ---- wanting ---- */

void people_start(struct people *people, struct batch *batch, struct arena *arena)
{
	*people = (struct people){ .batch = batch, .arena = arena };
	people->emails = doc_array_new(arena);
	people->ids = doc_array_new(arena);
}

static void want_exactly(struct people *people, const char *email)
{
	people->wanted = arena_grow(people->arena, people->wanted, people->emails.count,
				    &people->wanted_room, sizeof *people->wanted);
	people->wanted[people->emails.count] = arena_text(people->arena, email);
	doc_array_text(&people->emails, email);
}

static void people_want(struct people *people, const char *email)
{
	const char *bare = email ? email_trim(people->arena, email) : "";

	if (!*bare)
		return;
	want_exactly(people, email);
	if (strcmp(bare, email))
		want_exactly(people, bare);
}

void people_want_owner(struct people *people, const bson_t *doc, const char *id_field,
		       const char *email_field)
{
	struct id id;

	if (id_read(doc, id_field, &id))
		doc_array_id(&people->ids, &id);
	people_want(people, doc_text(doc, email_field));
}

/* ---- reading ---- */

static bool person_take(void *context, const bson_t *doc)
{
	struct people *people = context;
	const char *email = doc_text(doc, "email");
	struct person person = { .email = email ? arena_text(people->arena, email) : "",
				 .created = created_at(doc),
				 .coins = doc_whole(doc, "coins", 0),
				 .keyed = bson_has_field(doc, "email_key"),
				 .marked = is_marked(doc) };

	if (!doc_id(doc, "_id", &person.id))
		return true;
	/* in a run it was trimmed in the record */
	if (!id_set_has(&people->batch->adoption->untrimmed, &person.id))
		person.email = email_trim(people->arena, person.email);
	person.key = email_key_of(people->arena, person.email);
	people->found = arena_grow(people->arena, people->found, people->count, &people->room,
				   sizeof *people->found);
	people->found[people->count++] = person;
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct person *one = *(struct person *const *)a, *other = *(struct person *const *)b;

	return id_compare(&one->id, &other->id);
}

static int age(const struct person *one, const struct person *other)
{
	return age_compare(one->created, &one->id, other->created, &other->id);
}

static int by_email(const void *a, const void *b)
{
	const struct person *one = *(struct person *const *)a, *other = *(struct person *const *)b;
	int order = strcmp(one->email, other->email);

	return order ? order : age(one, other);
}

/* Who holds the key owns the address in any case; before there are keys, the oldest. */
static int by_key(const void *a, const void *b)
{
	const struct person *one = *(struct person *const *)a, *other = *(struct person *const *)b;
	int order = strcmp(one->key, other->key);

	if (!order)
		order = other->keyed - one->keyed;
	return order ? order : age(one, other);
}

static struct person **sorted(const struct people *people,
			      int (*compare)(const void *, const void *))
{
	struct person **list = arena_alloc(people->arena, (people->count + 1) * sizeof *list);

	for (size_t i = 0; i < people->count; i++)
		list[i] = &people->found[i];
	qsort(list, people->count, sizeof *list, compare);
	return list;
}

static void people_sort(struct people *people)
{
	people->by_id = sorted(people, by_id);
	people->by_email = sorted(people, by_email);
	people->by_key = sorted(people, by_key);
}

static enum err people_each(struct people *people, const bson_t *filter)
{
	struct arena *arena = people->arena;

	return db_each(people->batch->adoption->order->db, USERS, filter,
		       DOC(arena, "projection", "{", "email", BCON_INT32(1), "email_key",
			   BCON_INT32(1), "createdAt", BCON_INT32(1), "coins", BCON_INT32(1), MARK,
			   BCON_INT32(1), "}"),
		       person_take, people);
}

/* A dry run makes no index and sets no key, so it has to look at every address. */
static bson_t *any_case_filter(struct people *people, const bson_t *keys)
{
	struct arena *arena = people->arena;

	if (!people->batch->adoption->order->dry_run)
		return DOC(arena, "email_key", "{", "$in", BCON_ARRAY(keys), "}");
	return DOC(arena, "$expr", "{", "$in", "[", BCON_DOCUMENT(fold_of(arena, "$email")),
		   BCON_ARRAY(keys), "]", "}");
}

static const struct person *person_by(struct person *const *list, size_t count, const char *text,
				      bool key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct person *person = list[middle];

		if (strcmp(key ? person->key : person->email, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && !strcmp(key ? list[low]->key : list[low]->email, text) ? list[low] :
										       NULL;
}

enum err people_read(struct people *people)
{
	struct arena *arena = people->arena;
	struct doc_array keys = doc_array_new(arena);
	enum err err =
		people_each(people, DOC(arena, "$or", "[", "{", "email", "{", "$in",
					BCON_ARRAY(people->emails.doc), "}", "}", "{", "_id", "{",
					"$in", BCON_ARRAY(people->ids.doc), "}", "}", "]"));

	people_sort(people);
	for (uint32_t i = 0; i < people->emails.count; i++) {
		if (person_by(people->by_email, people->count, people->wanted[i], false))
			continue;
		doc_array_text(&keys, email_key_of(arena, people->wanted[i]));
	}
	if (err != OK || !keys.count)
		return err;
	err = people_each(people, any_case_filter(people, keys.doc));
	people_sort(people);
	return err;
}

/* ---- finding ---- */

static bool people_find(const struct people *people, const char *email, struct id *id)
{
	const char *bare = email ? email_trim(people->arena, email) : "";

	if (!*bare)
		return false;
	const struct person *person = person_by(people->by_email, people->count, email, false);
	if (!person)
		person = person_by(people->by_email, people->count, bare, false);
	if (!person)
		person = person_by(people->by_key, people->count,
				   email_key_of(people->arena, email), true);
	if (person)
		*id = person->id;
	return person != NULL;
}

const struct person *people_person(const struct people *people, const struct id *id)
{
	struct person key = { .id = *id }, *wanted = &key;
	struct person *const *found =
		bsearch(&wanted, people->by_id, people->count, sizeof *people->by_id, by_id);

	return found ? *found : NULL;
}

bool people_owner(const struct people *people, const bson_t *doc, const char *id_field,
		  const char *email_field, struct id *id)
{
	struct id named;

	if (id_read(doc, id_field, &named) && people_person(people, &named)) {
		*id = named;
		return true;
	}
	return people_find(people, doc_text(doc, email_field), id);
}
