/* How payments are shown (contract section 7). */
#ifndef API_PAYMENTS_H
#define API_PAYMENTS_H

#include "http/request.h"
#include "json/view.h"

#include <bson/bson.h>

extern const struct view payment_view;

/* Writes a payment, also one of an older server, as that view. */
void payment_write(struct request *rq, struct json *json, const char *key, const bson_t *doc);

#endif
