/* What adoption tells: how many records each rule concerned, with how many coins, and which they were. */
#include "migrate/adoption_pass.h"

#include <inttypes.h>

void note_id(struct record *record, enum rule rule, const struct id *id, int64_t coins)
{
	record->notes = arena_grow(record->batch->arena, record->notes, record->note_count,
				   &record->note_room, sizeof *record->notes);
	record->notes[record->note_count++] = (struct note){ rule, *id, coins };
}

void note(struct record *record, enum rule rule, int64_t coins)
{
	note_id(record, rule, &record->id, coins);
}

void note_if(bool concerned, struct record *record, enum rule rule)
{
	if (concerned)
		note(record, rule, 0);
}

static const struct {
	enum collection in;
	const char *words;
} rules[RULE_COUNT] = {
#define RULE(name, in, words) [RULE_##name] = { in, words },
#include "migrate/adoption_rules.h"
#undef RULE
};

/* The lowest ones, as batches end in any order. */
static void id_keep(struct tally *tally, const struct id *id)
{
	size_t at = tally->count < NOTED_IDS ? (size_t)tally->count : NOTED_IDS;

	for (; at > 0 && id_compare(&tally->ids[at - 1], id) > 0; at--)
		if (at < NOTED_IDS)
			tally->ids[at] = tally->ids[at - 1];
	if (at < NOTED_IDS)
		tally->ids[at] = *id;
}

void report_add(struct report *report, const struct record *record)
{
	report->records[record->batch->adoption->pass->in] += record->txn.count > 0;
	for (size_t i = 0; i < record->note_count; i++) {
		const struct note *note = &record->notes[i];
		struct tally *tally = &report->tallies[note->rule];

		id_keep(tally, &note->id);
		tally->count++;
		if (__builtin_add_overflow(tally->coins, note->coins, &tally->coins))
			tally->coins = INT64_MAX;
	}
}

static void tally_print(const struct tally *tally, const char *words, FILE *out)
{
	char hex[ID_HEX_LENGTH + 1];

	fprintf(out, "  %" PRId64 " × %s", tally->count, words);
	if (tally->coins)
		fprintf(out, " (%" PRId64 " coins)", tally->coins);
	for (int64_t i = 0; i < tally->count && i < NOTED_IDS; i++) {
		id_hex(&tally->ids[i], hex);
		fprintf(out, "%s %s", i ? "," : ":", hex);
	}
	fputs(tally->count > NOTED_IDS ? ", …\n" : "\n", out);
}

void report_print(const struct report *report, FILE *out)
{
	for (enum collection in = 0; in < COLLECTION_COUNT; in++) {
		if (report->records[in])
			fprintf(out, "%s: %" PRId64 " adopted\n", collection_name(in),
				report->records[in]);
		for (enum rule rule = 0; rule < RULE_COUNT; rule++)
			if (rules[rule].in == in && report->tallies[rule].count)
				tally_print(&report->tallies[rule], rules[rule].words, out);
	}
}
