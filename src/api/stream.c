#include "api/stream.h"

#include "api/api.h"
#include "auth/ticket.h"
#include "base/log.h"

static const struct view_row ticket_rows[] = {
	{ .field = "ticket",
	  .type = VIEW_TEXT,
	  .help = "Opens one stream within a minute",
	  .example = "\"hB7nGx2dRkq0V5yLw9sZtEoUaI3cJf8m1PrKvYbNqTs\"" },
};
const struct view ticket_view = VIEW_OF("Ticket", ticket_rows);

/* A handler rather than a change: the event has only the ticket's hash, the answer has the ticket. */
enum err stream_ticket(struct request *rq)
{
	struct event event;

	event_start(&event, rq->arena);
	const char *ticket = ticket_issue(&event, &rq->caller, rq->now);
	enum err err = store_commit(call_of(rq)->db, &event);
	if (err == OK)
		json_text(respond(rq, 200), "ticket", ticket);
	return err;
}

enum err stream_elsewhere(struct request *rq)
{
	log_line(LOG_ERROR, rq->request_id,
		 "A stream was asked of a worker: the web server must send %s to microtask-events",
		 rq->route->path);
	return ERR_NOT_CONFIGURED;
}
