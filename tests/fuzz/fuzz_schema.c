/*
 * Inputs by schema: what is stored without a fault keeps the row's rules. The bytes are a body when they begin
 * with '{', else a query string.
 */
#include "base/encoding.h"
#include "base/unicode.h"
#include "fuzz.h"
#include "json/schema.h"

#include <string.h>
#include <strings.h>

struct input {
	const char *text, *label, *password, *email, *url, *choice;
	struct number whole, coins, money, page, date;
	struct id_given id;
	struct id_list ids;
	bool truth;
	struct object_list parts;
};

struct part {
	const char *text;
	bool truth;
};

static const char *const colours[] = { "red", "blue", NULL };

static const struct field part_rows[] = {
	FIELD("text", TEXT, part, text, .flags = FIELD_REQUIRED, .max = 8),
	FIELD("truth", BOOL, part, truth),
};

static const struct schema part_schema = { .name = "Part",
					   .size = sizeof(struct part),
					   .fields = part_rows,
					   .count = sizeof(part_rows) / sizeof(part_rows[0]) };

#define AT(member) .name = #member, .offset = offsetof(struct input, member)

static const struct field rows[] = {
	{ AT(text), .type = FIELD_TEXT, .min = 1, .max = 8 },
	{ AT(label), .type = FIELD_TEXT, .max = 8, .flags = FIELD_LABEL },
	{ AT(password), .type = FIELD_PASSWORD, .min = 6, .max = 72 },
	{ AT(email), .type = FIELD_EMAIL, .max = 254 },
	{ AT(url), .type = FIELD_URL, .max = 2048 },
	{ AT(choice), .type = FIELD_CHOICE, .choices = colours },
	{ AT(whole), .type = FIELD_WHOLE, .min = 1, .max = 10000 },
	{ AT(coins), .type = FIELD_COINS, .min = -10, .max = 1000000 },
	{ AT(money), .type = FIELD_MONEY, .min = 1, .max = 100000 },
	{ AT(page), .type = FIELD_WHOLE, .min = 1, .max = 100, .flags = FIELD_CLAMP },
	{ AT(date), .type = FIELD_DATE },
	{ AT(id), .type = FIELD_ID },
	{ AT(ids), .type = FIELD_IDS, .min = 1, .max = 3 },
	{ AT(truth), .type = FIELD_BOOL },
	{ AT(parts), .type = FIELD_OBJECTS, .max = 3, .of = &part_schema },
};

static const struct schema schema = { .name = "Input",
				      .size = sizeof(struct input),
				      .fields = rows,
				      .count = sizeof(rows) / sizeof(rows[0]) };

static void check_text(const char *text, size_t min, size_t max)
{
	if (!text)
		return;
	promise(utf8_valid(text, strlen(text)));

	size_t count = utf8_count(text, strlen(text));

	promise(count >= min && count <= max);
}

static void check_characters(const char *text)
{
	size_t length = text ? strlen(text) : 0, size;
	bool shows = length == 0;

	for (size_t at = 0; at < length; at += size) {
		uint32_t c = utf8_next(text + at, &size);

		promise(!unicode_is_control(c) || c == '\t' || c == '\n' || c == '\r');
		shows = shows || unicode_is_visible(c);
	}
	promise(shows || !text);
}

static void check_number(struct number number, int64_t min, int64_t max)
{
	promise(!number.given || (number.value >= min && number.value <= max));
}

static void check_input(const struct input *in)
{
	check_text(in->text, 1, 8);
	check_text(in->label, 0, 8);
	check_characters(in->label);
	check_text(in->password, 2, 72);
	check_text(in->email, 5, 254);
	check_text(in->url, 0, 2048);
	promise(!in->email || strchr(in->email, '@') == strrchr(in->email, '@'));
	promise(!in->url || !*in->url || strncasecmp(in->url, "http", 4) == 0);
	promise(!in->choice || in->choice == colours[0] || in->choice == colours[1]);
	check_number(in->whole, 1, 10000);
	check_number(in->coins, -10, 1000000);
	check_number(in->money, 1, 100000);
	check_number(in->page, 1, 100);
	promise(in->ids.count <= 3);
	promise(in->parts.count <= 3);
	for (size_t i = 0; i < in->parts.count; i++) {
		const struct part *part = in->parts.objects[i];

		promise(part->text != NULL);
		check_text(part->text, 0, 8);
	}
}

static void check_faults(const struct faults *faults)
{
	for (size_t i = 0; i < faults_told(faults); i++) {
		const struct fault *fault = &faults->list[i];

		promise(fault->err != OK);
		promise(strncmp(fault->message, fault->field, strlen(fault->field)) == 0);
	}
	/* of parts, the rows of one object may each have a fault */
	promise(faults->count <= schema.count + part_schema.count);
}

/* A body that is sent back as it is stored changes nothing; only lists, which no record shows, are left to judge. */
static void check_echo(struct arena *arena, const struct json_piece body)
{
	struct faults faults = { .count = 0 };
	struct err_detail detail = { 0 };
	enum err err;
	const struct input *in =
		schema_decode_edit(arena, &schema, body, body, &faults, &detail, &err);

	promise((in == NULL) == (err != OK));
	if (!in)
		return;
	promise(!in->text && !in->label && !in->password && !in->email && !in->url && !in->choice);
	promise(!in->whole.given && !in->coins.given && !in->money.given && !in->page.given);
	promise(!in->date.given && !in->id.given && !in->truth);
	check_faults(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct faults faults = { .count = 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;
	const struct input *in;

	if (size > 0 && data[0] == '{')
		check_echo(arena, (struct json_piece){ (const char *)data, size });
	if (size > 0 && data[0] == '{')
		in = schema_decode_body(arena, &schema, (const char *)data, size, &faults, &detail,
					&err);
	else
		in = schema_decode_query(arena, &schema, arena_copy(arena, data, size), &faults);
	promise((in == NULL) == (err != OK));
	promise((err == OK) == (detail.sentence == NULL));
	if (in)
		check_input(in);
	check_faults(&faults);
	arena_free(arena);
	return 0;
}
