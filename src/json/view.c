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
