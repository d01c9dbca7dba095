/* What GET /notifications/stream takes in its address, for readers that can send no headers. */
#ifndef API_STREAM_QUERY_H
#define API_STREAM_QUERY_H

#include "json/schema.h"

struct stream_query {
	const char *ticket, *last_event_id;
};
extern const struct schema stream_schema;

#endif
