#include "http/page.h"

#include "store/list.h"

static const struct field page_fields[] = {
	FIELD("page", WHOLE, page_query, page, .unless = "after", .min = 1, .max = INT64_MAX,
	      .help = "Which page, from 1; ignored when after is given", .example = "1"),
	FIELD("limit", WHOLE, page_query, limit, .flags = FIELD_CLAMP, .min = 1,
	      .max = LIST_LIMIT_MAX, .help = "Records a page; more than 100 counts as 100",
	      .example = "10"),
	FIELD("after", TEXT, page_query, after, .max = 400,
	      .help = "The `next` of the page before: goes on behind it at constant cost"),
};

const struct schema page_schema = SCHEMA_OF("PageQuery", struct page_query, page_fields);
