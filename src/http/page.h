/* The query members that every list takes. */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "json/schema.h"

/* The schema of a struct page_query (store/list.h). The struct of a list's query begins with a page_query. */
extern const struct schema page_schema;

#endif
