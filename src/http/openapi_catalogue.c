#include "http/openapi_private.h"

#include <stdlib.h>

static void add_schema(struct catalogue *catalogue, const struct schema *schema)
{
	for (size_t i = 0; i < catalogue->schema_count; i++) {
		if (catalogue->schemas[i] == schema)
			return;
	}
	if (catalogue->schema_count == CATALOGUE_MAX)
		abort();
	catalogue->schemas[catalogue->schema_count++] = schema;
	for (size_t i = 0; i < schema_count(schema); i++) {
		if (schema_field(schema, i)->of)
			add_schema(catalogue, schema_field(schema, i)->of);
	}
}

/* Returns the view's place. */
static size_t add_view(struct catalogue *catalogue, const struct view *view, bool is_page)
{
	size_t place;

	for (size_t i = 0; i < catalogue->view_count; i++) {
		if (catalogue->views[i] == view)
			return i;
	}
	if (catalogue->view_count == CATALOGUE_MAX)
		abort();
	place = catalogue->view_count++;
	catalogue->is_page[place] = is_page;
	catalogue->views[place] = view;
	for (size_t i = 0; i < view_count(view); i++) {
		const struct view_row *row = view_row(view, i);
		size_t inner = row->of ? add_view(catalogue, row->of, false) : 0;

		if (row->flags & VIEW_OR_ID)
			catalogue->or_id[inner] = true;
	}
	return place;
}

void catalogue_fill(struct catalogue *catalogue, const struct route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (routes[i].body)
			add_schema(catalogue, routes[i].body);
		if (routes[i].view)
			add_view(catalogue, routes[i].view, (routes[i].flags & LISTS) != 0);
	}
}

void catalogue_write(struct json *json, const struct catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->schema_count; i++)
		write_schema(json, catalogue->schemas[i]);
	for (size_t i = 0; i < catalogue->view_count; i++) {
		write_view(json, catalogue, i);
		if (catalogue->or_id[i])
			write_view_or_id(json, catalogue->views[i]);
	}
}
