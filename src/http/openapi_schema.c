/*
 * JSON Schemas out of inputs and views. A view is a whitelist, so nothing else is in an answer today; but a later
 * version may add to it, and says so here: clients that are made from the document take what they do not know.
 */
#include "http/openapi_schema.h"
#include "base/count.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void write_texts(struct json *json, const char *key, const char *const *texts)
{
	json_array(json, key);
	for (; *texts; texts++)
		json_text(json, NULL, *texts);
	json_end(json);
}

void write_reference(struct json *json, const char *key, const char *kind, const char *name)
{
	write_form(json, key, JSON({ "$ref" : "#/components/%s/%s" }), kind, name);
}

static void write_example(struct json *json, const char *example)
{
	if (!example)
		return;
	json_array(json, "examples");
	json_raw(json, NULL, example, strlen(example));
	json_end(json);
}

/* Joins what else is to be told, unless it is NULL. */
static void tell(struct buffer *words, const char *more)
{
	if (more)
		buffer_printf(words, "%s%s", words->length ? ". " : "", more);
}

static void write_description(struct json *json, struct buffer *words)
{
	if (words->length)
		json_text(json, "description", words->bytes);
	buffer_free(words);
}

/* The list begins with its first name: an empty one is no JSON Schema to older readers. */
static void add_required(struct json *json, bool *begun, const char *name)
{
	if (!*begun)
		json_array(json, "required");
	*begun = true;
	json_text(json, NULL, name);
}

/* --- inputs --- */

#define LENGTHS "minLength", "maxLength"
#define ITEMS "minItems", "maxItems"
#define RANGE "minimum", "maximum"

/* A date has no format: it may be a date or a date-time, and clients know but one for each. */
static const struct {
	const char *type, *format;
	const char *rule; /* what the type is too coarse to say; NULL: nothing */
	const char *min, *max; /* what the limits are called; NULL: there are none */
} field_types[] = {
	[FIELD_TEXT] = { "string", NULL, NULL, LENGTHS },
	[FIELD_PASSWORD] = { "string", "password", NULL, LENGTHS },
	[FIELD_EMAIL] = { "string", "email", NULL, LENGTHS },
	[FIELD_URL] = { "string", NULL, "Empty, or an address that begins with http:// or https://",
			LENGTHS },
	[FIELD_WHOLE] = { "integer", "int64", NULL, RANGE },
	[FIELD_COINS] = { "integer", "int64", NULL, RANGE },
	[FIELD_MONEY] = { "number", "double", "At most two decimals", RANGE },
	[FIELD_DATE] = { "string", NULL,
			 "An ISO 8601 date or an RFC 3339 date-time; without a zone it is UTC" },
	[FIELD_SECONDS] = { "number" },
	[FIELD_CHOICE] = { "string" },
	[FIELD_ID] = { "string", NULL, "A record's id: 24 hexadecimal digits" },
	[FIELD_IDS] = { "array", NULL, NULL, ITEMS },
	[FIELD_BOOL] = { "boolean" },
	[FIELD_OBJECTS] = { "array", NULL, NULL, ITEMS },
};
static_assert(COUNT_OF(field_types) == FIELD_OBJECTS + 1, "each type has its row");

static void write_limits(struct json *json, const struct field *field)
{
	const char *min = field_types[field->type].min, *max = field_types[field->type].max;
	void (*write)(struct json *, const char *, int64_t) =
		field->type == FIELD_MONEY ? json_cents : json_int;

	if (!min)
		return;
	/* No length is below 0. */
	if (field->min > 0 || !strcmp(min, "minimum"))
		write(json, min, field->min);
	/* What is above a clamped limit is not refused. */
	if (field->max != 0 && field->max != INT64_MAX && !(field->flags & FIELD_CLAMP))
		write(json, max, field->max);
}

void write_field_schema(struct json *json, const char *key, const struct field *field)
{
	struct buffer words = { 0 };

	json_object(json, key);
	json_text(json, "type", field_types[field->type].type);
	if (field_types[field->type].format)
		json_text(json, "format", field_types[field->type].format);
	if (field->choices)
		write_texts(json, "enum", field->choices);
	if (field->type == FIELD_ID)
		json_text(json, "pattern", ID_PATTERN);
	if (field->type == FIELD_IDS)
		write_form(json, "items", JSON({ "type" : "string", "pattern" : "%s" }),
			   ID_PATTERN);
	if (field->of)
		write_reference(json, "items", "schemas", field->of->name);
	write_limits(json, field);
	tell(&words, field->help);
	tell(&words, field_types[field->type].rule);
	write_description(json, &words);
	write_example(json, field->example);
	json_end(json);
}

bool needs_a_field(const struct schema *schema)
{
	for (size_t i = 0; i < schema_count(schema); i++)
		if (schema_field(schema, i)->flags & FIELD_REQUIRED)
			return true;
	return false;
}

static void write_schema(struct json *json, const struct schema *schema)
{
	bool begun = false;

	json_object(json, schema->name);
	json_text(json, "type", "object");
	for (size_t i = 0; i < schema_count(schema); i++)
		if (schema_field(schema, i)->flags & FIELD_REQUIRED)
			add_required(json, &begun, schema_field(schema, i)->name);
	if (begun)
		json_end(json);
	json_object(json, "properties");
	for (size_t i = 0; i < schema_count(schema); i++)
		write_field_schema(json, schema_field(schema, i)->name, schema_field(schema, i));
	json_end(json);
	json_end(json);
}

void write_body_example(struct json *json, const struct schema *schema)
{
	bool begun = false;

	for (size_t i = 0; i < schema_count(schema); i++) {
		const struct field *field = schema_field(schema, i);

		if (!field->example)
			continue;
		if (!begun)
			json_object(json, "example");
		begun = true;
		json_raw(json, field->name, field->example, strlen(field->example));
	}
	if (begun)
		json_end(json);
}

/* --- views --- */

/* Each schema and view that routes use, once, in the order in which the routes name it. */
struct catalogue {
	const struct schema *schemas[256];
	struct entry {
		const struct view *view;
		bool is_page; /* the members of a page are added to the view's own */
		bool or_id; /* somewhere the plain id may stand for the view's object */
	} views[256];
	size_t schema_count, view_count;
};

static const struct view_row page_rows[] = {
	MEMBER("total", WHOLE, .help = "Records in all"),
	MEMBER("pages", WHOLE, .help = "0 without records"),
	MEMBER("currentPage", WHOLE),
	MEMBER("next", TEXT, .flags = VIEW_OR_NULL,
	       .help = "Goes on from here as `after`; null at the end. A page that would be "
		       "longer than 4 MiB ends earlier"),
	MEMBER("totalApprox", BOOL, .flags = VIEW_OPTIONAL,
	       .help = "The total may be up to 5 s old"),
};

static const struct {
	const char *type, *format;
} view_types[] = {
	[VIEW_ID] = { "string" },
	[VIEW_TEXT] = { "string" },
	[VIEW_WHOLE] = { "integer", "int64" },
	[VIEW_MONEY] = { "number", "double" },
	[VIEW_DATE] = { "string", "date-time" },
	[VIEW_BOOL] = { "boolean" },
	[VIEW_LIST] = { "array" },
};
static_assert(COUNT_OF(view_types) == VIEW_LIST + 1, "each type has its row");

static void write_row_type(struct json *json, const struct view_row *row)
{
	if (row->flags & VIEW_OR_NULL)
		write_form(json, "type", JSON([ "string", "null" ]));
	else
		json_text(json, "type", view_types[row->type].type);
	if (view_types[row->type].format)
		json_text(json, "format", view_types[row->type].format);
	if (row->type == VIEW_ID)
		json_text(json, "pattern", ID_PATTERN);
	if (row->of)
		write_reference(json, "items", "schemas", row->of->name);
	else if (row->type == VIEW_LIST)
		write_form(json, "items", JSON({ "type" : "string" }));
}

/* "Of its owner. Seen by the owner and by admins only. Today one of: a, b" */
static void write_row_help(struct json *json, const struct view_row *row)
{
	struct buffer words = { 0 };

	tell(&words, row->help);
	tell(&words, row->flags & VIEW_PRIVATE ? "Seen by the owner and by admins only." : NULL);
	for (const char *const *known = row->known; known && *known; known++) {
		if (known == row->known)
			tell(&words, "Today one of: ");
		else
			buffer_text(&words, ", ");
		buffer_text(&words, *known);
	}
	write_description(json, &words);
}

/* The example of the first input of that name, as an answer shows under a name what was sent under it. */
static const char *input_example(const struct catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->schema_count; i++)
		for (size_t j = 0; j < schema_count(catalogue->schemas[i]); j++) {
			const struct field *field = schema_field(catalogue->schemas[i], j);

			if (field->example && !strcmp(field->name, name))
				return field->example;
		}
	return NULL;
}

static const char *row_example(const struct catalogue *catalogue, const struct view_row *row)
{
	if (row->example)
		return row->example;
	if (row->type == VIEW_DATE)
		return "\"2026-01-31T09:00:00.000Z\"";
	return row->type == VIEW_TEXT ? input_example(catalogue, row->field) : NULL;
}

static void write_row(struct json *json, const struct catalogue *catalogue,
		      const struct view_row *row)
{
	/* older readers overlook what is beside a reference */
	if (row->type == VIEW_OBJECT) {
		write_form(json, row->field, JSON({ "$ref" : "#/components/schemas/%s%s" }),
			   row->of->name, row->flags & VIEW_OR_ID ? "OrId" : "");
		return;
	}
	json_object(json, row->field);
	write_row_type(json, row);
	/* no enum, as clients refuse a word that an enum lacks */
	if (row->known)
		write_texts(json, "x-extensible-enum", row->known);
	write_row_help(json, row);
	write_example(json, row_example(catalogue, row));
	json_end(json);
}

static void write_view(struct json *json, const struct catalogue *catalogue,
		       const struct entry *entry)
{
	const struct view page = VIEW_OF(entry->view->name, page_rows, .base = entry->view),
			  *view = entry->is_page ? &page : entry->view;
	bool begun = false;

	json_object(json, view->name);
	json_text(json, "type", "object");
	for (size_t i = 0; i < view_count(view); i++)
		if (!(view_row(view, i)->flags & (VIEW_OPTIONAL | VIEW_PRIVATE)))
			add_required(json, &begun, view_row(view, i)->field);
	if (begun)
		json_end(json);
	json_object(json, "properties");
	for (size_t i = 0; i < view_count(view); i++)
		write_row(json, catalogue, view_row(view, i));
	json_end(json);
	json_bool(json, "additionalProperties", true);
	json_end(json);
}

/* For a place that has the view's object or only its id. */
static void write_view_or_id(struct json *json, const struct view *view)
{
	char name[128];

	snprintf(name, sizeof(name), "%sOrId", view->name);
	write_form(json, name, JSON({
			   "description" : "The record itself, or its id once it is gone",
			   "oneOf" : [
				   { "$ref" : "#/components/schemas/%s" },
				   { "type" : "string", "pattern" : "%s" }
			   ]
		   }),
		   view->name, ID_PATTERN);
}

/* --- all of them --- */

static void add_schema(struct catalogue *catalogue, const struct schema *schema)
{
	for (size_t i = 0; i < catalogue->schema_count; i++)
		if (catalogue->schemas[i] == schema)
			return;
	assert(catalogue->schema_count < COUNT_OF(catalogue->schemas));
	catalogue->schemas[catalogue->schema_count++] = schema;
	for (size_t i = 0; i < schema_count(schema); i++)
		if (schema_field(schema, i)->of)
			add_schema(catalogue, schema_field(schema, i)->of);
}

static struct entry *add_view(struct catalogue *catalogue, const struct view *view, bool is_page)
{
	for (size_t i = 0; i < catalogue->view_count; i++)
		if (catalogue->views[i].view == view)
			return &catalogue->views[i];
	assert(catalogue->view_count < COUNT_OF(catalogue->views));
	struct entry *entry = &catalogue->views[catalogue->view_count++];
	*entry = (struct entry){ .view = view, .is_page = is_page };
	for (size_t i = 0; i < view_count(view); i++) {
		const struct view_row *row = view_row(view, i);

		if (row->of)
			add_view(catalogue, row->of, false)->or_id |=
				(row->flags & VIEW_OR_ID) != 0;
	}
	return entry;
}

void write_schemas(struct json *json, const struct route *routes, size_t count)
{
	struct catalogue catalogue = { .schema_count = 0 };

	for (size_t i = 0; i < count; i++) {
		if (routes[i].body)
			add_schema(&catalogue, routes[i].body);
		if (routes[i].view)
			add_view(&catalogue, routes[i].view, routes[i].flags & LISTS);
	}
	for (size_t i = 0; i < catalogue.schema_count; i++)
		write_schema(json, catalogue.schemas[i]);
	for (size_t i = 0; i < catalogue.view_count; i++) {
		write_view(json, &catalogue, &catalogue.views[i]);
		if (catalogue.views[i].or_id)
			write_view_or_id(json, catalogue.views[i].view);
	}
}
