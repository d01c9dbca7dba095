/* JSON Schemas out of views. A view is a whitelist, so nothing else is in an answer today; but a later version may add to
 * it, and says so here: clients that are made from the document take what they do not know. */
#include "base/buffer.h"
#include "base/count.h"
#include "http/openapi_private.h"

#include <stdio.h>
#include <string.h>

/* Ends the name of the component for a record or its id. */
#define OR_ID "OrId"

#define DATE_EXAMPLE "\"2026-01-31T09:00:00.000Z\""

/* The members that a page adds to its view; the types are as write_form() takes them. */
static const struct {
	const char *name, *form;
	bool optional;
} page_members[] = {
	{ "total", "{'type':'integer','format':'int64','description':'Records in all'}", false },
	{ "pages", "{'type':'integer','format':'int64','description':'0 without records'}", false },
	{ "currentPage", "{'type':'integer','format':'int64'}", false },
	{ "next",
	  "{'type':['string','null'],"
	  "'description':'Goes on from here as `after`; null at the end. A page that would be "
	  "longer than 4 MiB ends earlier'}",
	  false },
	{ "totalApprox", "{'type':'boolean','description':'The total may be up to 5 s old'}",
	  true },
};

static void write_list_type(struct json *json, const struct view *of)
{
	json_text(json, "type", "array");
	if (of) {
		write_reference(json, "items", "schemas", of->name);
		return;
	}
	write_form(json, "items", "{'type':'string'}");
}

static void write_object_type(struct json *json, const struct view_row *row)
{
	char path[128];

	snprintf(path, sizeof(path), "#/components/schemas/%s%s", row->of->name,
		 row->flags & VIEW_OR_ID ? OR_ID : "");
	json_text(json, "$ref", path);
}

static void write_text_type(struct json *json, const struct view_row *row, const char *format)
{
	if (!(row->flags & VIEW_OR_NULL)) {
		write_type(json, "string", format);
		return;
	}
	write_form(json, "type", "['string','null']");
	if (format)
		json_text(json, "format", format);
}

static void write_row_type(struct json *json, const struct view_row *row)
{
	switch (row->type) {
	case VIEW_ID:
		write_id_members(json);
		break;
	case VIEW_TEXT:
		write_text_type(json, row, NULL);
		break;
	case VIEW_WHOLE:
		write_type(json, "integer", "int64");
		break;
	case VIEW_MONEY:
		write_type(json, "number", "double");
		break;
	case VIEW_DATE:
		write_text_type(json, row, "date-time");
		break;
	case VIEW_BOOL:
		write_type(json, "boolean", NULL);
		break;
	case VIEW_OBJECT:
		write_object_type(json, row);
		break;
	case VIEW_LIST:
		write_list_type(json, row->of);
		break;
	}
}

/* "Of its owner. Seen by the owner and by admins only. Today one of: a, b" */
static void write_row_help(struct json *json, const struct view_row *row)
{
	struct buffer words = { 0 };

	if (row->help)
		buffer_text(&words, row->help);
	if (row->flags & VIEW_PRIVATE)
		buffer_printf(&words, "%sSeen by the owner and by admins only.",
			      words.length ? ". " : "");
	for (const char *const *known = row->known; known && *known; known++)
		buffer_printf(&words, "%s%s",
			      known > row->known ? ", " :
			      words.length	 ? ". Today one of: " :
						   "Today one of: ",
			      *known);
	if (words.length)
		json_text(json, "description", words.bytes);
	buffer_free(&words);
}

void write_known(struct json *json, const char *const *known)
{
	if (!known)
		return;
	json_array(json, "x-extensible-enum");
	for (; *known; known++)
		json_text(json, NULL, *known);
	json_end(json);
}

static bool has_row(const struct view *view, const char *field)
{
	for (size_t i = 0; i < view_count(view); i++) {
		if (strcmp(view_row(view, i)->field, field) == 0)
			return true;
	}
	return false;
}

/* The list begins with its first name: an empty one is no JSON Schema to older readers. */
static void add_required(struct json *json, bool *begun, const char *name)
{
	if (!*begun)
		json_array(json, "required");
	*begun = true;
	json_text(json, NULL, name);
}

static void write_required_members(struct json *json, const struct view *view, bool is_page)
{
	bool begun = false;

	for (size_t i = 0; i < view_count(view); i++) {
		if (!(view_row(view, i)->flags & (VIEW_OPTIONAL | VIEW_PRIVATE)))
			add_required(json, &begun, view_row(view, i)->field);
	}
	for (size_t i = 0; is_page && i < COUNT_OF(page_members); i++) {
		if (!page_members[i].optional && !has_row(view, page_members[i].name))
			add_required(json, &begun, page_members[i].name);
	}
	if (begun)
		json_end(json);
}

/* What goes in under a name comes out under it: the example of the first input of that name. */
static const char *input_example(const struct catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->schema_count; i++) {
		const struct schema *schema = catalogue->schemas[i];

		for (size_t j = 0; j < schema_count(schema); j++) {
			const struct field *field = schema_field(schema, j);

			if (field->example && strcmp(field->name, name) == 0)
				return field->example;
		}
	}
	return NULL;
}

static const char *row_example(const struct catalogue *catalogue, const struct view_row *row)
{
	if (row->example)
		return row->example;
	if (row->type == VIEW_DATE)
		return DATE_EXAMPLE;
	return row->type == VIEW_TEXT ? input_example(catalogue, row->field) : NULL;
}

static void write_row(struct json *json, const struct catalogue *catalogue,
		      const struct view_row *row)
{
	json_object(json, row->field);
	write_row_type(json, row);
	/* beside a reference older readers overlook whatever stands there */
	if (row->type != VIEW_OBJECT) {
		write_known(json, row->known);
		write_row_help(json, row);
		write_example(json, row_example(catalogue, row));
	}
	json_end(json);
}

void write_view(struct json *json, const struct catalogue *catalogue, size_t index)
{
	const struct view *view = catalogue->views[index];
	bool is_page = catalogue->is_page[index];

	json_object(json, view->name);
	json_text(json, "type", "object");
	write_required_members(json, view, is_page);
	json_object(json, "properties");
	for (size_t i = 0; i < view_count(view); i++)
		write_row(json, catalogue, view_row(view, i));
	for (size_t i = 0; is_page && i < COUNT_OF(page_members); i++) {
		if (!has_row(view, page_members[i].name))
			write_form(json, page_members[i].name, page_members[i].form);
	}
	json_end(json);
	json_bool(json, "additionalProperties", true);
	json_end(json);
}

void write_view_or_id(struct json *json, const struct view *view)
{
	char name[128];

	snprintf(name, sizeof(name), "%s" OR_ID, view->name);
	write_form(json, name,
		   "{'description':'The record itself, or its id once it is gone',"
		   "'oneOf':[{'$ref':'#/components/schemas/%s'},{" ID_FORM "}]}",
		   view->name);
}
