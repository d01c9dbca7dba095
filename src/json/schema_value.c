#include "base/clock.h"
#include "base/decimal.h"
#include "base/encoding.h"
#include "json/label.h"
#include "json/schema_private.h"
#include "json/text.h"

#include <inttypes.h>
#include <string.h>

bool slot_refuse(const struct slot *slot, enum err err, const char *words)
{
	const char *name = slot->field->name;

	fault_add(slot->faults, name, err, arena_printf(slot->arena, "%s %s.", name, words));
	return false;
}

static bool has_limit(const struct field *field)
{
	return field->max != 0 && field->max != INT64_MAX;
}

static int64_t upper_limit(const struct field *field)
{
	return has_limit(field) ? field->max : INT64_MAX;
}

bool slot_within(const struct slot *slot, size_t size)
{
	return (int64_t)size >= slot->field->min && (int64_t)size <= upper_limit(slot->field);
}

/* "1 to 200 characters", "at most 254 characters" */
static const char *size_words(const struct slot *slot, const char *unit)
{
	int64_t min = slot->field->min, max = slot->field->max;

	if (!has_limit(slot->field))
		return arena_printf(slot->arena, "at least %" PRId64 " %s", min, unit);
	if (min == 0)
		return arena_printf(slot->arena, "at most %" PRId64 " %s", max, unit);
	return arena_printf(slot->arena, "%" PRId64 " to %" PRId64 " %s", min, max, unit);
}

bool slot_refuse_size(const struct slot *slot, const char *kind, const char *unit)
{
	const char *size = size_words(slot, unit);

	return slot_refuse(slot, ERR_INVALID_INPUT,
			   arena_printf(slot->arena, "must be %s%s", kind, size));
}

/* --- texts --- */

/* What was given, without white space around it; NULL and a fault when it is no text. */
static const char *trimmed(const struct slot *slot, const char *on_miss, size_t *length)
{
	if (slot->given->kind != GIVEN_TEXT) {
		slot_refuse(slot, ERR_INVALID_INPUT, on_miss);
		return NULL;
	}
	*length = slot->given->length;
	return text_trim(slot->given->text, length);
}

/* A number that a row of digits takes for its text; NULL when it is none. */
static const char *digits(const struct slot *slot, size_t *length)
{
	const struct given *given = slot->given;

	if (given->kind != GIVEN_NUMBER || !(slot->field->flags & FIELD_DIGITS))
		return NULL;
	for (size_t i = 0; i < given->length; i++)
		if (given->text[i] < '0' || given->text[i] > '9')
			return NULL;
	*length = given->length;
	return given->text;
}

static bool store_text(const struct slot *slot, const char *text, size_t length)
{
	*(const char **)slot->at = arena_copy(slot->arena, text, length);
	return true;
}

/* NULL, or what is wrong with the characters of a text; an empty one has none. */
static const char *text_problem(const struct slot *slot, const char *text, size_t length)
{
	if (slot->foreign || length == 0)
		return NULL;
	if (text_has_controls(text, length))
		return "must hold no control characters but tab, line feed and carriage return";
	return slot->field->flags & FIELD_LABEL ? label_problem(text, length) : NULL;
}

/* Has it the form that the type asks for? */
static bool is_formed(const struct slot *slot, const char *text, size_t length)
{
	if (slot->field->type == FIELD_EMAIL)
		return text_is_email(text, length);
	return slot->field->type != FIELD_URL || length == 0 || text_is_url(text, length);
}

static bool decode_text(const struct slot *slot)
{
	static const char *const kinds[] = {
		[FIELD_TEXT] = "",
		[FIELD_EMAIL] = "an e-mail address of ",
		[FIELD_URL] = "empty or an http or https address of ",
	};
	size_t length;
	const char *text = digits(slot, &length);

	if (!text)
		text = trimmed(slot, "must be text", &length);
	if (!text)
		return false;
	if (!is_formed(slot, text, length) || !slot_within(slot, utf8_count(text, length)))
		return slot_refuse_size(slot, kinds[slot->field->type], "characters");
	const char *problem = text_problem(slot, text, length);
	return problem ? slot_refuse(slot, ERR_INVALID_INPUT, problem) :
			 store_text(slot, text, length);
}

static bool decode_password(const struct slot *slot)
{
	const struct given *given = slot->given;

	if (given->kind != GIVEN_TEXT)
		return slot_refuse(slot, ERR_INVALID_INPUT, "must be text");
	if (!slot_within(slot, given->length))
		return slot_refuse_size(slot, "", "bytes long");
	return store_text(slot, given->text, given->length);
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

static bool decode_choice(const struct slot *slot)
{
	size_t length;
	const char *text = trimmed(slot, choice_words(slot), &length);

	if (!text)
		return false;
	for (const char *const *choice = slot->field->choices; *choice; choice++) {
		if (strlen(*choice) == length && memcmp(*choice, text, length) == 0) {
			*(const char **)slot->at = *choice;
			return true;
		}
	}
	return slot_refuse(slot, ERR_INVALID_INPUT, choice_words(slot));
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

	if (!has_limit(field))
		return arena_printf(slot->arena, "must be %s, at least %s", kind, min);
	return arena_printf(slot->arena, "must be %s from %s to %s", kind, min,
			    limit_text(slot, field->max));
}

/* Is it a number at all? JSON's own were checked by its grammar. */
static bool number_text(const struct slot *slot, const char **text, size_t *length)
{
	*length = slot->given->length;
	*text = slot->given->text;
	if (slot->given->kind == GIVEN_NUMBER)
		return true;
	if (slot->given->kind != GIVEN_TEXT || slot->field->flags & FIELD_NO_TEXT)
		return false;
	*text = text_trim(*text, length);
	return decimal_plain(*text, *length);
}

static bool refuse_fraction(const struct slot *slot)
{
	if (slot->field->type == FIELD_COINS)
		return slot_refuse(slot, ERR_WHOLE_COINS, "must be a whole number of coins");
	return slot_refuse(slot, ERR_INVALID_INPUT, number_words(slot));
}

static bool refuse_below(const struct slot *slot)
{
	const struct field *field = slot->field;

	slot_refuse(slot, field->below ? field->below : ERR_INVALID_INPUT, number_words(slot));
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
	const char *text;
	/* how many decimals of what was sent are kept */
	unsigned decimals = field->type == FIELD_MONEY ? 2 : field->type == FIELD_SECONDS ? 3 : 0;
	size_t length;
	int64_t value;

	if (!number_text(slot, &text, &length))
		return slot_refuse(slot, ERR_INVALID_INPUT, number_words(slot));

	enum decimal read = decimal_read(text, length, decimals, &value);

	if (read == DECIMAL_FRACTION && field->type != FIELD_SECONDS)
		return refuse_fraction(slot);
	/* what is less than a thousandth counts as one; before 1970 it is cut off */
	if (read == DECIMAL_FRACTION && *text != '-')
		value++;
	if (value < field->min)
		return refuse_below(slot);
	if (value > upper_limit(field) || read == DECIMAL_BEYOND) {
		if (!(field->flags & FIELD_CLAMP))
			return slot_refuse(slot, ERR_INVALID_INPUT, number_words(slot));
		value = upper_limit(field);
	}
	return store_number(slot, value);
}

static bool decode_date(const struct slot *slot)
{
	size_t length;
	int64_t when;
	const char *words = "must be an ISO 8601 date or date-time";
	const char *text = trimmed(slot, words, &length);

	if (!text)
		return false;
	if (!clock_parse(text, length, &when))
		return slot_refuse(slot, ERR_INVALID_INPUT, words);
	return store_number(slot, when);
}

/* --- ids --- */

bool given_id(const struct given *given, struct id *id)
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
	return given->given || slot_refuse(slot, ERR_INVALID_ID, "must be an id of 24 hex digits");
}

/* --- truths --- */

static bool decode_bool(const struct slot *slot)
{
	static const char words[] = "must be true or false";
	const char *text = slot->given->text;
	size_t length = slot->given->length;

	if (slot->given->kind == GIVEN_TEXT)
		text = text_trim(text, &length);
	else if (slot->given->kind != GIVEN_BOOL)
		return slot_refuse(slot, ERR_INVALID_INPUT, words);

	bool is = length == 4 && memcmp(text, "true", 4) == 0;

	if (!is && (length != 5 || memcmp(text, "false", 5) != 0))
		return slot_refuse(slot, ERR_INVALID_INPUT, words);
	*(bool *)slot->at = is;
	return true;
}

/* --- a row --- */

static bool (*const decoders[])(const struct slot *) = {
	[FIELD_TEXT] = decode_text,	 [FIELD_PASSWORD] = decode_password,
	[FIELD_EMAIL] = decode_text,	 [FIELD_URL] = decode_text,
	[FIELD_WHOLE] = decode_number,	 [FIELD_COINS] = decode_number,
	[FIELD_MONEY] = decode_number,	 [FIELD_DATE] = decode_date,
	[FIELD_SECONDS] = decode_number, [FIELD_CHOICE] = decode_choice,
	[FIELD_ID] = decode_id,		 [FIELD_IDS] = slot_decode_ids,
	[FIELD_BOOL] = decode_bool,	 [FIELD_OBJECTS] = slot_decode_objects,
};

/* Stores what was given for a row of the schema at the row's offset of a zeroed struct, or tells its fault. */
static void value_store(struct arena *arena, const struct schema *schema, const struct field *field,
			const struct given *given, void *into, struct faults *faults)
{
	struct slot slot = {
		.arena = arena,
		.field = field,
		.given = given,
		.at = (char *)into + field->offset,
		.faults = faults,
		.foreign = schema->foreign,
	};

	if (given->kind == GIVEN_BROKEN)
		return;
	if (given->kind == GIVEN_NOTHING) {
		if (field->flags & FIELD_REQUIRED)
			slot_refuse(&slot, ERR_INVALID_INPUT, "is required");
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
