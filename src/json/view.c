#include "json/view.h"

size_t view_count(const struct view *view)
{
	return view->count + (view->base ? view_count(view->base) : 0);
}

const struct view_row *view_row(const struct view *view, size_t index)
{
	size_t before = view->base ? view_count(view->base) : 0;

	return index < before ? view_row(view->base, index) : &view->rows[index - before];
}

const struct view_row *view_member(const struct view *view, enum view_type type)
{
	for (size_t i = 0; i < view_count(view); i++) {
		const struct view_row *row = view_row(view, i);

		if (row->type == type && row->of)
			return row;
	}
	return NULL;
}

bool view_fits(const struct view *view)
{
	size_t count = view_count(view);
	bool fits = count <= VIEW_ROWS_MAX;

	for (size_t i = 0; fits && i < count; i++) {
		const struct view *inner = view_row(view, i)->of;

		fits = !inner || view_fits(inner);
	}
	return fits;
}
