/* The OpenAPI 3.1 document, printed from the tables: routes, schemas, views, errors. */
#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

#include "base/buffer.h"
#include "http/route.h"

/* What the document says and no table has. */
struct openapi_about {
	const char *version;
	const char *server; /* where /api is, as "https://api.example.com/api"; NULL: not known */
};

void openapi_write(struct buffer *out, const struct route *routes, size_t count,
		   const struct openapi_about *about);

#endif
