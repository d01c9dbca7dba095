#include "api/stream_query.h"

static const struct field fields[] = {
	FIELD("ticket", TEXT, stream_query, ticket, .max = 100,
	      .help = "From POST /notifications/stream-ticket, instead of a token; good once"),
	FIELD("lastEventId", TEXT, stream_query, last_event_id, .max = 100,
	      .help = "Where the header Last-Event-ID cannot be sent: goes on behind this notification"),
};

const struct schema stream_schema = SCHEMA_OF("StreamQuery", struct stream_query, fields);
