/* With what a call can be refused, for the OpenAPI document. */
#ifndef HTTP_OPENAPI_ERRORS_H
#define HTTP_OPENAPI_ERRORS_H

#include "base/buffer.h"
#include "http/route.h"
#include "json/json_out.h"

/* The codes with which a call can be refused: as a member of the open object, and as a line for people to read. */
void write_error_codes(struct json *json, const struct route *route);
void tell_error_codes(struct buffer *text, const struct route *route);
/* Writes all codes that there are today, each once, in the order of their table. */
void write_all_codes(struct json *json);

#endif
