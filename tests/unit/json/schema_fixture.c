#include "schema_fixture.h"

#include <stddef.h>
#include <string.h>

const char *const input_colours[] = { "red", "blue", NULL };

static const char *not_zero(const void *at_offset)
{
	const struct number *number = at_offset;

	return number->value == 0 ? "delta must not be 0." : NULL;
}

static const struct field part_rows[] = {
	FIELD("word", TEXT, part, word, .flags = FIELD_REQUIRED, .max = 5),
	FIELD("truth", BOOL, part, truth),
};

static const struct schema part_schema = { .name = "Part",
					   .size = sizeof(struct part),
					   .fields = part_rows,
					   .count = sizeof(part_rows) / sizeof(part_rows[0]) };

#define AT(member) .name = #member, .offset = offsetof(struct input, member)

static const struct field rows[] = {
	{ AT(text), .type = FIELD_TEXT, .min = 1, .max = 5 },
	{ AT(digits), .type = FIELD_TEXT, .min = 1, .max = 5, .flags = FIELD_DIGITS },
	{ AT(password), .type = FIELD_PASSWORD, .min = 6, .max = 72 },
	{ AT(email), .type = FIELD_EMAIL, .max = 30 },
	{ AT(url), .type = FIELD_URL, .max = 40 },
	{ AT(choice), .type = FIELD_CHOICE, .choices = input_colours },
	{ AT(whole), .type = FIELD_WHOLE, .min = 1, .max = 100 },
	{ AT(coins), .type = FIELD_COINS, .min = 20, .max = 1000000, .below = ERR_BELOW_MINIMUM,
	  .below_tells = "least" },
	{ AT(money), .type = FIELD_MONEY, .min = 1, .max = 100000 },
	{ AT(page), .type = FIELD_WHOLE, .min = 1, .max = 100, .flags = FIELD_CLAMP },
	{ AT(date), .type = FIELD_DATE },
	{ AT(delta), .type = FIELD_WHOLE, .min = -10, .max = 10, .check = not_zero },
	{ AT(id), .type = FIELD_ID },
	{ AT(ids), .type = FIELD_IDS, .min = 1, .max = 3 },
	{ AT(truth), .type = FIELD_BOOL },
	{ AT(parts), .type = FIELD_OBJECTS, .min = 1, .max = 3, .of = &part_schema },
};

const struct schema input_schema = { .name = "Input",
				     .size = sizeof(struct input),
				     .fields = rows,
				     .count = sizeof(rows) / sizeof(rows[0]) };

struct arena *arena;
struct faults faults;
struct err_detail detail;
enum err err;

void schema_setup(void)
{
	arena = arena_new();
	memset(&faults, 0, sizeof(faults));
	memset(&detail, 0, sizeof(detail));
}

void schema_teardown(void)
{
	arena_free(arena);
}

const struct input *body(const char *text)
{
	return schema_decode_body(arena, &input_schema, text, strlen(text), &faults, &detail, &err);
}

const struct input *query(const char *text)
{
	return schema_decode_query(arena, &input_schema, text, &faults);
}

const struct input *member(const char *name, const char *value)
{
	return body(arena_printf(arena, "{\"%s\":%s}", name, value));
}

const struct input *taken(const struct input *input)
{
	ck_assert_ptr_nonnull(input);
	ck_assert_msg(faults.count == 0, "%s", faults.list[0].message);
	return input;
}

void expect_fault(const char *field, enum err code)
{
	ck_assert_uint_eq(faults.count, 1);
	ck_assert_str_eq(faults.list[0].field, field);
	ck_assert_str_eq(err_row(faults.list[0].err)->code, err_row(code)->code);
	ck_assert_msg(strncmp(faults.list[0].message, field, strlen(field)) == 0,
		      "the message does not name the field: %s", faults.list[0].message);
}

void expect_text(const char *found, const char *wanted)
{
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found, wanted);
}

void expect_number(struct number found, int64_t wanted)
{
	ck_assert(found.given);
	ck_assert_int_eq(found.value, wanted);
}
