/* Fields of an older server's records: numbers, dates and ids that may be stored as anything. Lists of records. */
#include "migrate/adoption_pass.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

static struct amount amount_of(double number, int64_t most)
{
	struct amount amount = { .there = true };

	/* NaN fails every comparison */
	if (!(number >= 0 && number <= (double)most))
		return amount;
	amount.good = true;
	amount.value = (int64_t)number;
	amount.floored = (double)amount.value != number;
	return amount;
}

/* Decimal digits with an optional sign, fraction and exponent, spaces around them. */
static struct amount amount_text(const char *text, int64_t most)
{
	char *end;

	text += strspn(text, " \t\r\n");
	/* strtod takes more than that: hexadecimal, inf, nan, nothing at all */
	if (text[strspn(text, "0123456789.+-eE \t\r\n")] || !text[strcspn(text, "0123456789")])
		return (struct amount){ .there = true };
	double number = strtod(text, &end);
	end += strspn(end, " \t\r\n");
	return *end ? (struct amount){ .there = true } : amount_of(number, most);
}

struct amount amount_read(const bson_t *doc, const char *field, int64_t most)
{
	char text[BSON_DECIMAL128_STRING];
	bson_decimal128_t decimal;
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, field) || BSON_ITER_HOLDS_NULL(&at))
		return (struct amount){ 0 };
	switch (bson_iter_type(&at)) {
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64: /* a double has each that is not above `most` */
		return amount_of((double)bson_iter_as_int64(&at), most);
	case BSON_TYPE_DOUBLE:
		return amount_of(bson_iter_double(&at), most);
	case BSON_TYPE_DECIMAL128:
		(void)bson_iter_decimal128(&at, &decimal);
		bson_decimal128_to_string(&decimal, text);
		return amount_text(text, most);
	case BSON_TYPE_UTF8:
		return amount_text(bson_iter_utf8(&at, NULL), most);
	default:
		return (struct amount){ .there = true };
	}
}

/* ---- dates ---- */

bool date_read(const bson_t *doc, const char *field, int64_t *when)
{
	bson_iter_t at;
	uint32_t length;

	if (!bson_iter_init_find(&at, doc, field))
		return false;
	if (BSON_ITER_HOLDS_DATE_TIME(&at)) {
		*when = bson_iter_date_time(&at);
		return true;
	}
	if (BSON_ITER_HOLDS_UTF8(&at)) {
		const char *text = bson_iter_utf8(&at, &length);

		return clock_parse(text, length, when);
	}
	return BSON_ITER_HOLDS_NUMBER(&at) && doc_iter_number(&at, when) && *when > 0 &&
	       *when < COINS_MOST;
}

int64_t created_at(const bson_t *doc)
{
	int64_t when;
	bson_iter_t at;

	if (date_read(doc, "createdAt", &when))
		return when;
	if (!bson_iter_init_find(&at, doc, "_id") || !BSON_ITER_HOLDS_OID(&at))
		return 0;
	return (int64_t)bson_oid_get_time_t(bson_iter_oid(&at)) * CLOCK_SECOND;
}

void set_date(bson_t *set, const bson_t *doc, const char *field, int64_t absent)
{
	bson_iter_t at;
	int64_t when;

	if (bson_iter_init_find(&at, doc, field) && BSON_ITER_HOLDS_DATE_TIME(&at))
		return;
	BSON_APPEND_DATE_TIME(set, field, date_read(doc, field, &when) ? when : absent);
}

/* ---- ids and texts ---- */

bool id_read(const bson_t *doc, const char *field, struct id *id)
{
	const char *text = doc_text(doc, field);

	return text ? id_parse(text, strlen(text), id) : doc_id(doc, field, id);
}

bool is_absent(const bson_t *doc, const char *field)
{
	bson_iter_t at;

	return !bson_iter_init_find(&at, doc, field) || BSON_ITER_HOLDS_NULL(&at);
}

const char *status_of(const bson_t *doc, const char *absent)
{
	const char *text = doc_text(doc, "status");

	return is_absent(doc, "status") ? absent : text ? text : "";
}

/* ---- lists ---- */

void *list_grow(void *list, size_t count, size_t *room, size_t item_size)
{
	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 1024;
	list = realloc(list, *room * item_size);
	if (!list)
		abort();
	return list;
}

int age_compare(int64_t created, const struct id *id, int64_t other_created, const struct id *other)
{
	if (created != other_created)
		return created < other_created ? -1 : 1;
	return id_compare(id, other);
}

static int row_compare(const void *a, const void *b)
{
	return id_compare(a, b);
}

void rows_sort(void *rows, size_t count, size_t size)
{
	if (count)
		qsort(rows, count, size, row_compare);
}

void *row_find(const void *rows, size_t count, size_t size, const struct id *id)
{
	return count ? bsearch(id, rows, count, size, row_compare) : NULL;
}
