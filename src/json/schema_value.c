#include "base/clock.h"
#include "base/decimal.h"
#include "base/encoding.h"
#include "json/label.h"
#include "json/schema_private.h"
#include "json/text.h"

#include <inttypes.h>
#include <string.h>

/* One row at work. */
struct slot {
	struct arena *arena;
	const struct field *field;
	const struct given *given;
	void *at; /* where the row stores */
	struct faults *faults;
	bool foreign; /* of the schema */
};

/* Tells a fault of the row: its name, then the words. Always false, to be returned. */
static bool refuse(const struct slot *slot, enum err err, const char *words)
{
	const char *name = slot->field->name;

	fault_add(slot->faults, name, err, arena_printf(slot->arena, "%s %s.", name, words));
	return false;
}

static bool refuse_input(const struct slot *slot, const char *words)
{
	return refuse(slot, ERR_INVALID_INPUT, words);
}

static int64_t upper_limit(const struct field *field)
{
	return field->max ? field->max : INT64_MAX;
}

static bool is_within(const struct slot *slot, size_t size)
{
	return (int64_t)size >= slot->field->min && (int64_t)size <= upper_limit(slot->field);
}

/* "must be <kind>1 to 200 characters", "… at most 254 characters": by the row's limits. */
static bool refuse_size(const struct slot *slot, const char *kind, const char *unit)
{
	int64_t min = slot->field->min, max = upper_limit(slot->field);
	const char *size =
		max == INT64_MAX ? arena_printf(slot->arena, "at least %" PRId64, min) :
		min == 0	 ? arena_printf(slot->arena, "at most %" PRId64, max) :
				   arena_printf(slot->arena, "%" PRId64 " to %" PRId64, min, max);

	return refuse_input(slot, arena_printf(slot->arena, "must be %s%s %s", kind, size, unit));
}

/* --- texts --- */

static bool is_text(const struct slot *slot, const char *on_miss)
{
	return slot->given->kind == GIVEN_TEXT || refuse_input(slot, on_miss);
}

/* Is it a number that a row of digits takes for its text? */
static bool is_digits(const struct slot *slot)
{
	const struct given *given = slot->given;

	return given->kind == GIVEN_NUMBER && slot->field->flags & FIELD_DIGITS &&
	       strspn(given->text, "0123456789") == given->length;
}

/* Has it the form that the type asks for? */
static bool is_formed(const struct slot *slot)
{
	const struct given *given = slot->given;

	if (slot->field->type == FIELD_EMAIL)
		return text_is_email(given->text, given->length);
	return slot->field->type != FIELD_URL || given->length == 0 ||
	       text_is_url(given->text, given->length);
}

/* NULL, or what is wrong with the characters of a text; an empty one has none. */
static const char *text_problem(const struct slot *slot)
{
	const struct given *given = slot->given;

	if (slot->foreign || given->length == 0 || slot->field->type == FIELD_PASSWORD)
		return NULL;
	if (text_has_controls(given->text, given->length))
		return "must hold no control characters but tab, line feed and carriage return";
	return slot->field->flags & FIELD_LABEL ? label_problem(given->text, given->length) : NULL;
}

static bool decode_text(const struct slot *slot)
{
	static const char *const kinds[] = {
		[FIELD_TEXT] = "",
		[FIELD_PASSWORD] = "",
		[FIELD_EMAIL] = "an e-mail address of ",
		[FIELD_URL] = "empty or an http or https address of ",
	};
	const struct given *given = slot->given;
	bool in_bytes = slot->field->type == FIELD_PASSWORD;

	if (!is_digits(slot) && !is_text(slot, "must be text"))
		return false;
	size_t size = in_bytes ? given->length : utf8_count(given->text, given->length);
	if (!is_formed(slot) || !is_within(slot, size))
		return refuse_size(slot, kinds[slot->field->type],
				   in_bytes ? "bytes long" : "characters");
	const char *problem = text_problem(slot);
	if (problem)
		return refuse_input(slot, problem);
	*(const char **)slot->at = arena_copy(slot->arena, given->text, given->length);
	return true;
}

/* "must be one of worker, buyer" */
static const char *choice_words(const struct slot *slot)
{
	const char *words = "must be one of ";

	for (const char *const *choice = slot->field->choices; *choice; choice++)
		words = arena_printf(slot->arena, "%s%s%s", words,
				     choice == slot->field->choices ? "" : ", ", *choice);
	return words;
}

static bool says(const struct given *given, const char *word)
{
	return given->length == strlen(word) && !memcmp(given->text, word, given->length);
}

static bool decode_choice(const struct slot *slot)
{
	if (!is_text(slot, choice_words(slot)))
		return false;
	for (const char *const *choice = slot->field->choices; *choice; choice++)
		if (says(slot->given, *choice)) {
			*(const char **)slot->at = *choice;
			return true;
		}
	return refuse_input(slot, choice_words(slot));
}

/* --- numbers --- */

static const char *limit_text(const struct slot *slot, int64_t limit)
{
	if (slot->field->type == FIELD_MONEY)
		return arena_printf(slot->arena, "%" PRId64 ".%02d", limit / 100,
				    (int)(limit % 100));
	return arena_printf(slot->arena, "%" PRId64, limit);
}

/* "must be a whole number from 1 to 10000" */
static const char *number_words(const struct slot *slot)
{
	const struct field *field = slot->field;
	const char *kind = field->type == FIELD_MONEY ?
				   "an amount in dollars with at most 2 decimals" :
				   "a whole number";
	const char *min = limit_text(slot, field->min);

	if (upper_limit(field) == INT64_MAX)
		return arena_printf(slot->arena, "must be %s, at least %s", kind, min);
	return arena_printf(slot->arena, "must be %s from %s to %s", kind, min,
			    limit_text(slot, field->max));
}

/* Is it a number at all? JSON's own were checked by its grammar. */
static bool is_number(const struct slot *slot)
{
	const struct given *given = slot->given;

	return given->kind == GIVEN_NUMBER ||
	       (given->kind == GIVEN_TEXT && !(slot->field->flags & FIELD_NO_TEXT) &&
		decimal_plain(given->text, given->length));
}

static bool refuse_below(const struct slot *slot)
{
	const struct field *field = slot->field;

	refuse(slot, field->below ? field->below : ERR_INVALID_INPUT, number_words(slot));
	if (field->below_tells)
		fault_number(slot->faults, field->below_tells, field->min);
	return false;
}

static bool store_number(const struct slot *slot, int64_t value)
{
	*(struct number *)slot->at = (struct number){ .given = true, .value = value };
	return true;
}

static bool decode_number(const struct slot *slot)
{
	const struct field *field = slot->field;
	/* how many decimals of what was sent are kept */
	unsigned decimals = field->type == FIELD_MONEY ? 2 : field->type == FIELD_SECONDS ? 3 : 0;
	int64_t value;

	if (!is_number(slot))
		return refuse_input(slot, number_words(slot));

	enum decimal read = decimal_read(slot->given->text, slot->given->length, decimals, &value);

	if (read == DECIMAL_FRACTION && field->type != FIELD_SECONDS)
		return field->type == FIELD_COINS ?
			       refuse(slot, ERR_WHOLE_COINS, "must be a whole number of coins") :
			       refuse_input(slot, number_words(slot));
	/* a part of a millisecond counts as one; before 1970 it is cut off */
	if (read == DECIMAL_FRACTION && *slot->given->text != '-')
		value++;
	if (value < field->min)
		return refuse_below(slot);
	if (value > upper_limit(field) || read == DECIMAL_BEYOND) {
		if (!(field->flags & FIELD_CLAMP))
			return refuse_input(slot, number_words(slot));
		value = upper_limit(field);
	}
	return store_number(slot, value);
}

static bool decode_date(const struct slot *slot)
{
	const char *words = "must be an ISO 8601 date or date-time";
	int64_t when;

	if (!is_text(slot, words))
		return false;
	if (!clock_parse(slot->given->text, slot->given->length, &when))
		return refuse_input(slot, words);
	return store_number(slot, when);
}

/* --- ids --- */

static bool given_id(const struct given *given, struct id *id)
{
	size_t length = given->length;

	if (given->kind != GIVEN_TEXT)
		return false;

	const char *text = text_trim(given->text, &length);

	return id_parse(text, length, id);
}

static bool decode_id(const struct slot *slot)
{
	struct id_given *given = slot->at;

	given->given = given_id(slot->given, &given->id);
	return given->given || refuse(slot, ERR_INVALID_ID, "must be an id of 24 hex digits");
}

/* --- truths --- */

static bool decode_bool(const struct slot *slot)
{
	const struct given *given = slot->given;
	bool is_word = given->kind == GIVEN_TEXT || given->kind == GIVEN_BOOL;

	if (!is_word || (!says(given, "true") && !says(given, "false")))
		return refuse_input(slot, "must be true or false");
	*(bool *)slot->at = says(given, "true");
	return true;
}

/* --- arrays --- */

static bool is_array(const struct slot *slot, const char *unit)
{
	if (slot->given->kind != GIVEN_LIST)
		return refuse_input(slot,
				    arena_printf(slot->arena, "must be an array of %s", unit));
	return is_within(slot, slot->given->count) || refuse_size(slot, "an array of ", unit);
}

static bool decode_ids(const struct slot *slot)
{
	size_t count = slot->given->count;
	struct id *ids = arena_alloc(slot->arena, count * sizeof(*ids));

	if (!is_array(slot, "ids"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!given_id(&slot->given->items[i], &ids[i]))
			return refuse(slot, ERR_INVALID_ID, "must hold ids of 24 hex digits only");
	*(struct id_list *)slot->at = (struct id_list){ ids, count };
	return true;
}

/* The item's faults under the names that its reader would look for: "keys[2].kid". */
static void tell_faults_of_item(const struct slot *slot, size_t index, const struct faults *faults)
{
	for (size_t i = 0; i < faults_told(faults); i++) {
		const char *prefix =
			arena_printf(slot->arena, "%s[%zu].", slot->field->name, index);

		fault_add(slot->faults,
			  arena_printf(slot->arena, "%s%s", prefix, faults->list[i].field),
			  faults->list[i].err,
			  arena_printf(slot->arena, "%s%s", prefix, faults->list[i].message));
	}
}

static bool decode_object(const struct slot *slot, size_t index, const void **object)
{
	const struct given *given = &slot->given->items[index];
	const struct schema *schema = slot->field->of;
	struct faults faults = { .count = 0 };

	if (given->kind != GIVEN_OBJECT)
		return refuse_input(slot, "must hold objects only");
	*object = schema_fill(slot->arena, schema,
			      given_members(slot->arena, schema, given->object), &faults);
	tell_faults_of_item(slot, index, &faults);
	return faults.count == 0;
}

static bool decode_objects(const struct slot *slot)
{
	size_t count = slot->given->count;
	const void **objects = arena_alloc(slot->arena, count * sizeof(*objects));

	if (!is_array(slot, "objects"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!decode_object(slot, i, &objects[i]))
			return false;
	*(struct object_list *)slot->at = (struct object_list){ objects, count };
	return true;
}

/* --- a row --- */

static bool (*const decoders[])(const struct slot *) = {
	[FIELD_TEXT] = decode_text,	 [FIELD_PASSWORD] = decode_text,
	[FIELD_EMAIL] = decode_text,	 [FIELD_URL] = decode_text,
	[FIELD_WHOLE] = decode_number,	 [FIELD_COINS] = decode_number,
	[FIELD_MONEY] = decode_number,	 [FIELD_DATE] = decode_date,
	[FIELD_SECONDS] = decode_number, [FIELD_CHOICE] = decode_choice,
	[FIELD_ID] = decode_id,		 [FIELD_IDS] = decode_ids,
	[FIELD_BOOL] = decode_bool,	 [FIELD_OBJECTS] = decode_objects,
};

/* Stores what was given for a row of the schema at the row's offset of a zeroed struct, or tells its fault. */
static void value_store(struct arena *arena, const struct schema *schema, const struct field *field,
			const struct given *given, void *into, struct faults *faults)
{
	struct given trimmed = *given;
	struct slot slot = {
		.arena = arena,
		.field = field,
		.given = &trimmed,
		.at = (char *)into + field->offset,
		.faults = faults,
		.foreign = schema->foreign,
	};

	if (given->kind == GIVEN_BROKEN)
		return;
	if (given->kind == GIVEN_TEXT && field->type != FIELD_PASSWORD)
		trimmed.text = text_trim(given->text, &trimmed.length);
	if (given->kind == GIVEN_NOTHING) {
		if (field->flags & FIELD_REQUIRED)
			refuse_input(&slot, "is required");
		return;
	}
	if (!decoders[field->type](&slot) || !field->check)
		return;
	const char *sentence = field->check(slot.at);
	if (sentence)
		fault_add(faults, field->name, ERR_INVALID_INPUT, sentence);
}

void *schema_fill(struct arena *arena, const struct schema *schema, const struct given *given,
		  struct faults *faults)
{
	void *into = arena_alloc(arena, schema->size);
	size_t count = schema_count(schema);

	for (size_t i = 0; i < count; i++)
		value_store(arena, schema, schema_field(schema, i), &given[i], into, faults);
	return into;
}
