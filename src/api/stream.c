#include "api/stream.h"

#include "api/api.h"
#include "auth/ticket.h"
#include "base/log.h"
#include "market/missed.h"

static const struct field stream_fields[] = {
	FIELD("ticket", TEXT, stream_query, ticket, .max = 100,
	      .help = "From POST /notifications/stream-ticket, instead of a token; good once"),
	FIELD("lastEventId", TEXT, stream_query, last_event_id, .max = 100,
	      .help = "Where the header Last-Event-ID cannot be sent: goes on behind this notification"),
};
const struct schema stream_schema = SCHEMA_OF("StreamQuery", struct stream_query, stream_fields);

static const struct view_row ticket_rows[] = {
	MEMBER("ticket", TEXT, .help = "Opens one stream within a minute",
	       .example = "\"hB7nGx2dRkq0V5yLw9sZtEoUaI3cJf8m1PrKvYbNqTs\""),
	MEMBER("lastEventId", TEXT,
	       .help = "This moment: a later stream with it as lastEventId tells all that came since",
	       .example = "\"since-1769850000000\""),
};
static const struct view ticket_view = VIEW_OF("Ticket", ticket_rows);

/* A browser's page never sees the resume point that its stream began with, so it is given one here. */
static void write_ticket(struct request *rq, const char *ticket)
{
	struct json *json = respond(rq);
	struct buffer resume_point = { 0 };

	resume_point_write(&resume_point, rq->now);
	json_text(json, "ticket", ticket);
	json_text(json, "lastEventId", resume_point.bytes);
	buffer_free(&resume_point);
}

/* A handler rather than a change: the database has only the ticket's hash, the answer has the ticket. */
static enum err stream_ticket(struct request *rq)
{
	struct txn txn;

	txn_start(&txn, rq->arena);
	const char *ticket = ticket_issue(&txn, &rq->caller, rq->now);
	enum err err = txn_commit(call_of(rq)->db, &txn);
	if (err == OK)
		write_ticket(rq, ticket);
	return err;
}

static enum err stream_elsewhere(struct request *rq)
{
	log_line(
		LOG_ERROR, rq->request_id,
		"A stream was asked of microtaskd: the web server must send %s to microtask-events",
		rq->route->path);
	return ERR_NOT_CONFIGURED;
}

static const struct route rows[] = {
	{ POST, "/notifications/stream-ticket", ACCESS_ANY, .handler = stream_ticket,
	  .view = &ticket_view, .summary = "A ticket that opens one stream, within a minute" },
	{ GET, "/notifications/stream", ACCESS_ANY, .query = &stream_schema, .flags = STREAMS,
	  .handler = stream_elsewhere, .view = &notification_view,
	  .errors = ERRORS(ERR_NOT_CONFIGURED), .about = "Also with ?ticket= instead of a token.",
	  .summary = "Each new notification as it comes, as server-sent events; resumes behind "
		     "Last-Event-ID" },
};
const struct routes stream_routes = ROUTES_OF(rows);
