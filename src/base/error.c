#include "base/error.h"

#include "base/count.h"

#include <stdlib.h>

#define ROW(name, ...) [name] = { __VA_ARGS__ },
static const struct err_row rows[] = { EACH_ERROR(ROW) };

const struct err_row *err_row(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return &rows[ERR_INTERNAL];
	return &rows[e];
}

void err_number(struct err_detail *detail, const char *name, int64_t value)
{
	if (detail->number_count == COUNT_OF(detail->numbers))
		abort();
	detail->numbers[detail->number_count].name = name;
	detail->numbers[detail->number_count].value = value;
	detail->number_count++;
}

void err_text(struct err_detail *detail, const char *name, const char *value)
{
	if (detail->text_count == COUNT_OF(detail->texts))
		abort();
	detail->texts[detail->text_count].name = name;
	detail->texts[detail->text_count].value = value;
	detail->text_count++;
}
