/*
 * Whose e-mail is it? All users in one table in memory, some 100 bytes each.
 *
 * The table also decides what becomes of their addresses: who holds the unique key of one, and who keeps blanks at its
 * ends. It is decided from what stands in the records alone, so a run that was cut off decides the same again.
 *
 * The C locale knows the case of ASCII letters alone, so strcasecmp() compares addresses as email_fold() does.
 */
#include "migrate/adoption_pass.h"

#include "base/encoding.h"
#include "json/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *bare_text(struct arena *arena, const char *text)
{
	size_t whole = strlen(text), length = whole;
	const char *bare = utf8_valid(text, whole) ? text_trim(text, &length) : text;

	return length == whole ? text : arena_copy(arena, bare, length);
}

/* ---- reading ---- */

bool people_add(void *context, const bson_t *doc)
{
	struct people *people = context;
	const char *email = doc_text(doc, "email");
	struct person person = { .registered = arena_text(people->arena, email ? email : ""),
				 .created = created_at(doc),
				 .keyed = bson_has_field(doc, "email_key"),
				 .marked = is_marked(doc) };

	person.email = bare_text(people->arena, person.registered);
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

void people_sort(struct people *people)
{
	struct person **list = people->by_email =
		arena_alloc(people->arena, (people->count + 1) * sizeof *list);

	for (size_t i = 0; i < people->count; i++)
		if (*people->list[i].email)
			list[people->with_email++] = &people->list[i];
	qsort(list, people->with_email, sizeof *list, by_email);
	for (size_t first = 0, next; first < people->with_email; first = next) {
		for (next = first + 1; next < people->with_email &&
				       !strcasecmp(list[first]->email, list[next]->email);)
			next++;
		group_decide(list + first, next - first);
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
			       people_add, people);

	people_sort(people);
	return err;
}

/* ---- finding ---- */

static const struct person *person_by_email(const struct batch *batch, const char *email)
{
	const struct people *people = &batch->adoption->people;
	const char *bare = bare_text(batch->arena, email);
	const struct person *bare_one = NULL, *first = NULL;
	size_t low = 0, high = people->with_email;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(bare, people->by_email[middle]->email) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; *bare && low < people->with_email; low++) {
		const struct person *person = people->by_email[low];

		if (strcasecmp(bare, person->email) != 0)
			break;
		if (!strcmp(email, person->registered))
			return person;
		if (!bare_one && !strcmp(bare, person->registered))
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

const struct person *person_of(const struct record *record)
{
	const struct batch *batch = record->batch;
	const struct person *person = person_by_id(&batch->adoption->people, &record->id);
	const char *email = doc_text(record->doc, "email");

	return person && !strcmp(bare_text(batch->arena, email ? email : ""), person->email) ?
		       person :
		       NULL;
}

const struct person *owner_of(const struct batch *batch, const bson_t *doc, const char *id_field,
			      const char *email_field)
{
	const char *email = doc_text(doc, email_field);
	struct id named;
	const struct person *person = id_read(doc, id_field, &named) ?
					      person_by_id(&batch->adoption->people, &named) :
					      NULL;

	return person || !email ? person : person_by_email(batch, email);
}
