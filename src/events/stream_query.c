#include "events/stream_query.h"

static const struct field fields[] = {
	{ .name = "ticket",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct stream_query, ticket),
	  .max = 100,
	  .help = "From POST /notifications/stream-ticket, instead of a token; good once" },
	{ .name = "lastEventId",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct stream_query, last_event_id),
	  .max = 100,
	  .help = "Where the header Last-Event-ID cannot be sent: goes on behind this notification" },
};

const struct schema stream_schema = SCHEMA_OF("StreamQuery", struct stream_query, fields);
