/* The query members that every list takes. */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "json/schema.h"

/* Of a struct page_query (store/list.h); structs of list queries begin with it. */
extern const struct schema page_schema;

#endif
