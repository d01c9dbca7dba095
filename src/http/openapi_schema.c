#include "http/openapi_private.h"

#include "base/count.h"
#include "base/quote.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text as it stands between quotes. */
static void put_text(struct buffer *out, const char *text)
{
	struct buffer quoted = { 0 };

	quote_json(&quoted, text, strlen(text), SIZE_MAX - 1);
	buffer_put(out, quoted.bytes + 1, quoted.length - 2);
	buffer_free(&quoted);
}

void write_form(struct json *json, const char *key, const char *form, ...)
{
	struct buffer out = { 0 };
	va_list texts;

	va_start(texts, form);
	for (; *form; form++) {
		if (form[0] == '%' && form[1] == 's') {
			put_text(&out, va_arg(texts, const char *));
			form++;
		} else {
			buffer_byte(&out, *form == '\'' ? '"' : *form);
		}
	}
	va_end(texts);
	json_raw(json, key, out.bytes, out.length);
	buffer_free(&out);
}

void write_reference(struct json *json, const char *key, const char *kind, const char *name)
{
	write_form(json, key, "{'$ref':'#/components/%s/%s'}", kind, name);
}

void write_type(struct json *json, const char *type, const char *format)
{
	json_text(json, "type", type);
	if (format)
		json_text(json, "format", format);
}

void write_id_members(struct json *json)
{
	json_text(json, "type", "string");
	json_text(json, "pattern", ID_PATTERN);
}

void write_example(struct json *json, const char *example)
{
	if (!example)
		return;
	json_array(json, "examples");
	json_raw(json, NULL, example, strlen(example));
	json_end(json);
}

/* --- inputs --- */

static bool has_max(const struct field *field)
{
	return field->max != 0 && field->max != INT64_MAX;
}

static void write_sizes(struct json *json, const struct field *field, const char *min,
			const char *max)
{
	if (field->min > 0)
		json_int(json, min, field->min);
	if (has_max(field))
		json_int(json, max, field->max);
}

static void write_lengths(struct json *json, const struct field *field)
{
	write_sizes(json, field, "minLength", "maxLength");
}

static void write_range(struct json *json, const struct field *field)
{
	json_int(json, "minimum", field->min);
	/* What is above a clamped limit is not refused. */
	if (has_max(field) && !(field->flags & FIELD_CLAMP))
		json_int(json, "maximum", field->max);
}

static void write_money_range(struct json *json, const struct field *field)
{
	json_cents(json, "minimum", field->min);
	if (has_max(field))
		json_cents(json, "maximum", field->max);
}

static void write_choices(struct json *json, const struct field *field)
{
	json_array(json, "enum");
	for (const char *const *choice = field->choices; *choice; choice++)
		json_text(json, NULL, *choice);
	json_end(json);
}

static void write_id_pattern(struct json *json, const struct field *field)
{
	(void)field;
	json_text(json, "pattern", ID_PATTERN);
}

static void write_ids(struct json *json, const struct field *field)
{
	write_form(json, "items", "{" ID_FORM "}");
	write_sizes(json, field, "minItems", "maxItems");
}

static void write_objects(struct json *json, const struct field *field)
{
	write_reference(json, "items", "schemas", field->of->name);
	write_sizes(json, field, "minItems", "maxItems");
}

/* A date has no format: it may be a date or a date-time, and clients know but one for each. */
static const struct {
	const char *type, *format;
	void (*write_limits)(struct json *json, const struct field *field); /* NULL: none */
} field_types[] = {
	[FIELD_TEXT] = { "string", NULL, write_lengths },
	[FIELD_PASSWORD] = { "string", "password", write_lengths },
	[FIELD_EMAIL] = { "string", "email", write_lengths },
	[FIELD_URL] = { "string", NULL, write_lengths },
	[FIELD_WHOLE] = { "integer", "int64", write_range },
	[FIELD_COINS] = { "integer", "int64", write_range },
	[FIELD_MONEY] = { "number", "double", write_money_range },
	[FIELD_DATE] = { "string", NULL, NULL },
	[FIELD_SECONDS] = { "number", NULL, NULL },
	[FIELD_CHOICE] = { "string", NULL, write_choices },
	[FIELD_ID] = { "string", NULL, write_id_pattern },
	[FIELD_IDS] = { "array", NULL, write_ids },
	[FIELD_BOOL] = { "boolean", NULL, NULL },
	[FIELD_OBJECTS] = { "array", NULL, write_objects },
};
static_assert(COUNT_OF(field_types) == FIELD_OBJECTS + 1, "each type has its row");

static void write_field_type(struct json *json, const struct field *field)
{
	write_type(json, field_types[field->type].type, field_types[field->type].format);
	if (field_types[field->type].write_limits)
		field_types[field->type].write_limits(json, field);
}

/* What the type in the document is too coarse to say. */
static const char *field_form(const struct field *field)
{
	switch (field->type) {
	case FIELD_URL:
		return "Empty, or an address that begins with http:// or https://";
	case FIELD_DATE:
		return "An ISO 8601 date or an RFC 3339 date-time; without a zone it is UTC";
	case FIELD_MONEY:
		return "At most two decimals";
	case FIELD_ID:
		return "A record's id: 24 hexadecimal digits";
	default:
		return NULL;
	}
}

static void write_field_help(struct json *json, const struct field *field)
{
	const char *form = field_form(field);
	char words[256];

	if (!field->help && !form)
		return;
	snprintf(words, sizeof(words), "%s%s%s", field->help ? field->help : "",
		 field->help && form ? ". " : "", form ? form : "");
	json_text(json, "description", words);
}

void write_field_schema(struct json *json, const char *key, const struct field *field)
{
	json_object(json, key);
	write_field_type(json, field);
	write_field_help(json, field);
	write_example(json, field->example);
	json_end(json);
}

bool needs_a_field(const struct schema *schema)
{
	for (size_t i = 0; i < schema_count(schema); i++) {
		if (schema_field(schema, i)->flags & FIELD_REQUIRED)
			return true;
	}
	return false;
}

static void write_required_fields(struct json *json, const struct schema *schema)
{
	if (!needs_a_field(schema))
		return;
	json_array(json, "required");
	for (size_t i = 0; i < schema_count(schema); i++) {
		const struct field *field = schema_field(schema, i);

		if (field->flags & FIELD_REQUIRED)
			json_text(json, NULL, field->name);
	}
	json_end(json);
}

void write_schema(struct json *json, const struct schema *schema)
{
	json_object(json, schema->name);
	json_text(json, "type", "object");
	write_required_fields(json, schema);
	json_object(json, "properties");
	for (size_t i = 0; i < schema_count(schema); i++)
		write_field_schema(json, schema_field(schema, i)->name, schema_field(schema, i));
	json_end(json);
	json_end(json);
}

void write_schema_example(struct json *json, const char *key, const struct schema *schema)
{
	bool any = false;

	for (size_t i = 0; i < schema_count(schema); i++)
		any |= schema_field(schema, i)->example != NULL;
	if (!any)
		return;
	json_object(json, key);
	for (size_t i = 0; i < schema_count(schema); i++) {
		const struct field *field = schema_field(schema, i);

		if (field->example)
			json_raw(json, field->name, field->example, strlen(field->example));
	}
	json_end(json);
}
