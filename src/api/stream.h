/* What the calls share with microtask-events (contract section 8). */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "json/schema.h"
#include "json/view.h"

/* The query of GET /notifications/stream, for readers that cannot send headers. */
struct stream_query {
	const char *ticket, *last_event_id;
};
extern const struct schema stream_schema;

/* How a notification is shown, in lists and in streams. */
extern const struct view notification_view;

#endif
