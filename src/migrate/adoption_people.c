/*
 * Whose e-mail is it? All users in one table in memory, some 100 bytes each.
 *
 * The table also decides what becomes of their addresses: who holds the unique key of one, and who keeps blanks at its
 * ends. It is decided from what stands in the records alone, so a run that was cut off decides the same again.
 */
#include "migrate/adoption_private.h"

#include "base/email.h"
#include "base/encoding.h"
#include "store/doc.h"
#include "json/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- addresses ---- */

/* A text without the blanks at its ends. */
struct bare {
	const char *text;
	size_t length;
};

static struct bare bare_of(const char *email)
{
	struct bare bare = { email, strlen(email) };

	if (utf8_valid(email, bare.length))
		bare.text = text_trim(email, &bare.length);
	return bare;
}

/* In the order of addresses in any case. The C locale knows the case of ASCII letters alone, as email_fold() does. */
static int fold_compare(struct bare bare, const char *email)
{
	int order = strncasecmp(bare.text, email, bare.length);

	return order || !email[bare.length] ? order : -1;
}

static bool is_exactly(struct bare bare, const char *email)
{
	return !strncmp(bare.text, email, bare.length) && !email[bare.length];
}

const char *text_folded(struct arena *arena, const char *text)
{
	struct bare bare = bare_of(text);

	return email_fold(arena, arena_copy(arena, bare.text, bare.length));
}

int age_compare(int64_t created, const struct id *id, int64_t other_created, const struct id *other)
{
	if (created != other_created)
		return created < other_created ? -1 : 1;
	return id_compare(id, other);
}

/* ---- reading ---- */

static bool person_take(void *context, const bson_t *doc)
{
	struct people *people = context;
	const char *email = doc_text(doc, "email");
	struct bare bare = bare_of(email ? email : "");
	struct person person = { .email = arena_copy(people->arena, bare.text, bare.length),
				 .created = created_at(doc),
				 .keyed = bson_has_field(doc, "email_key"),
				 .marked = is_marked(doc) };

	person.registered = email && strlen(email) != bare.length ?
				    arena_text(people->arena, email) :
				    person.email;
	if (!doc_id(doc, "_id", &person.id))
		return true;
	people->list = list_grow(people->list, people->count, &people->room, sizeof person);
	people->list[people->count++] = person;
	people->unmarked += !person.marked;
	return true;
}

/* Who has the key comes first, then who may get it, the oldest of them. */
static int by_email(const void *a, const void *b)
{
	const struct person *one = *(struct person *const *)a, *other = *(struct person *const *)b;
	int order = strcasecmp(one->email, other->email);

	if (!order)
		order = other->keyed - one->keyed;
	if (!order)
		order = one->marked - other->marked;
	return order ? order : age_compare(one->created, &one->id, other->created, &other->id);
}

/* Of those that differ by blanks alone the one that has none logs in, else the first. */
static bool stays_blank(struct person *const *group, size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++) {
		bool bare = group[i]->registered == group[i]->email;

		if (i != at && (bare || i < at) && !strcmp(group[i]->email, group[at]->email))
			return true;
	}
	return false;
}

/* Those with one address, in any case. */
static void group_decide(struct person **group, size_t count)
{
	group[0]->first = group[0]->keyed || !group[0]->marked;
	for (size_t i = 0; i < count; i++)
		if (group[i]->registered != group[i]->email && !group[i]->marked)
			group[i]->blank = stays_blank(group, count, i);
	for (size_t i = 0; i < count; i++)
		if (!group[i]->blank && !group[i]->marked)
			group[i]->registered = group[i]->email;
}

static void people_sort(struct people *people)
{
	people->by_email =
		arena_alloc(people->arena, (people->count + 1) * sizeof *people->by_email);
	for (size_t i = 0; i < people->count; i++)
		if (*people->list[i].email)
			people->by_email[people->with_email++] = &people->list[i];
	qsort(people->by_email, people->with_email, sizeof *people->by_email, by_email);
	for (size_t first = 0, next; first < people->with_email; first = next) {
		for (next = first + 1;
		     next < people->with_email &&
		     !strcasecmp(people->by_email[first]->email, people->by_email[next]->email);)
			next++;
		group_decide(people->by_email + first, next - first);
	}
}

void people_free(struct people *people)
{
	free(people->list);
	arena_free(people->arena);
	*people = (struct people){ 0 };
}

enum err people_read(struct adoption *adoption)
{
	struct people *people = &adoption->people;

	people_free(people);
	people->arena = arena_new();
	bson_t *options = DOC(people->arena, SUB("sort", INT("_id", 1)),
			      SUB("projection", INT("email", 1), INT("email_key", 1),
				  INT("createdAt", 1), INT(MARK, 1)));
	enum err err = db_each(adoption->order->db, USERS, DOC(people->arena, NULL), options,
			       person_take, people);

	people_sort(people);
	return err;
}

/* ---- finding ---- */

static const struct person *person_by_email(const struct people *people, const char *email)
{
	struct bare raw = { email, strlen(email) }, bare = bare_of(email);
	const struct person *bare_one = NULL, *first = NULL;
	size_t low = 0, high = people->with_email;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fold_compare(bare, people->by_email[middle]->email) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; bare.length && low < people->with_email; low++) {
		const struct person *person = people->by_email[low];

		if (fold_compare(bare, person->email))
			break;
		if (is_exactly(raw, person->registered))
			return person;
		if (!bare_one && is_exactly(bare, person->registered))
			bare_one = person;
		if (!first)
			first = person;
	}
	return bare_one ? bare_one : first;
}

struct person *person_by_id(const struct people *people, const struct id *id)
{
	return row_find(people->list, people->count, sizeof *people->list, id);
}

const struct person *person_of(const struct batch *batch, const struct record *record)
{
	const struct person *person = person_by_id(&batch->adoption->people, &record->id);
	const char *email = doc_text(record->doc, "email");

	return person && is_exactly(bare_of(email ? email : ""), person->email) ? person : NULL;
}

const struct person *owner_of(const struct batch *batch, const bson_t *doc, const char *id_field,
			      const char *email_field)
{
	const struct people *people = &batch->adoption->people;
	const char *email = doc_text(doc, email_field);
	struct id named;
	const struct person *person =
		id_read(doc, id_field, &named) ? person_by_id(people, &named) : NULL;

	return person || !email ? person : person_by_email(people, email);
}

const struct person *owner_set(struct batch *batch, struct record *record, const char *id_field,
			       const char *email_field)
{
	const struct person *owner = owner_of(batch, record->doc, id_field, email_field);

	if (owner)
		BSON_APPEND_OID(record->set, id_field, doc_oid(&owner->id));
	return owner;
}
