#include "plan.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDS = 8 };

static const struct adoption_order order = { .dry_run = false };
static const char *found[RECORDS];
struct adoption adoption;
struct batch batch;

void plan_setup(void)
{
	rule_setup();
	adoption = (struct adoption){ .order = &order, .arena = rule.arena };
	adoption.people.arena = arena_new();
	batch = (struct batch){ .adoption = &adoption, .arena = rule.arena, .call = rule.call };
	batch.records = arena_alloc(rule.arena, RECORDS * sizeof *batch.records);
	batch.journal.keys = doc_array_new(rule.arena);
	batch.journal.owners = doc_array_new(rule.arena);
	batch.journal.found = found;
	user_known(ANN);
	user_known(BOB);
}

void plan_teardown(void)
{
	people_free(&adoption.people);
	rule_teardown();
}

void user_known(const char *json)
{
	people_add(&adoption.people, rule_doc(json));
	adoption.people.with_email = 0;
	people_sort(&adoption.people);
}

/* By their order, as journal_has() searches them. */
void journal_known(const char *key)
{
	size_t at = batch.journal.found_count++;

	for (; at > 0 && strcmp(found[at - 1], key) > 0; at--)
		found[at] = found[at - 1];
	found[at] = key;
}

struct record *read_by(const struct pass *pass, const char *json)
{
	adoption.pass = pass;
	return record_add(&batch, rule_doc(json));
}

void plan(struct record *record)
{
	if (adoption.pass->key.field)
		ck_assert_int_eq(keys_choose(&batch), OK);
	record_plan(record);
	rule.txn = record->txn;
}

struct record *planned(const struct pass *pass, const char *json)
{
	struct record *record = read_by(pass, json);

	plan(record);
	return record;
}

void sets(const struct record *record, const char *json)
{
	const bson_t *wanted = rule_doc(json);
	bson_t *same = doc_new(rule.arena);
	bson_iter_t at, is;

	ck_assert(bson_iter_init(&at, wanted));
	while (bson_iter_next(&at))
		if (bson_iter_init_find(&is, record->set, bson_iter_key(&at)))
			bson_append_iter(same, bson_iter_key(&at), -1, &is);
	rule_same(same, json);
}

void leaves(const struct record *record, const char *field)
{
	ck_assert_msg(!bson_has_field(record->set, field), "%s is set", field);
}

void comes_with(const struct record *record, size_t steps)
{
	const struct step *own = record->txn.steps + steps;

	ck_assert_uint_eq(record->txn.count, steps + 2);
	ck_assert_int_eq(own[0].kind, STEP_SAME);
	ck_assert_int_eq(own[1].kind, STEP_UPDATE);
	ck_assert_int_eq(own[0].in, adoption.pass->in);
	ck_assert_int_eq(own[1].in, adoption.pass->in);
	ck_assert(bson_equal(own[0].doc, record->doc));
}

void noted_are(const struct record *record, const enum rule *rules)
{
	for (size_t i = 0; i < record->note_count; i++)
		ck_assert_int_eq(record->notes[i].rule, rules[i]);
	ck_assert_int_eq(rules[record->note_count], RULE_COUNT);
}

void noted_none(const struct record *record)
{
	ck_assert_uint_eq(record->note_count, 0);
}
