/* The OpenAPI 3.1 document, printed from the tables: routes, schemas, views, errors. */
#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

#include "base/buffer.h"
#include "http/route.h"

void openapi_write(struct buffer *out, const struct route *routes, size_t count,
		   const char *version);

#endif
