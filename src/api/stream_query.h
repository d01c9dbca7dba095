/* The query of GET /notifications/stream, for readers that cannot send headers. */
#ifndef API_STREAM_QUERY_H
#define API_STREAM_QUERY_H

#include "json/schema.h"

struct stream_query {
	const char *ticket, *last_event_id;
};
extern const struct schema stream_schema;

#endif
