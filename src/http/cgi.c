#include "http/cgi.h"

#include "base/count.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define PARAM(name, field) name, sizeof(name) - 1, offsetof(struct request, field)

static const struct param {
	const char *name; /* of an entry "NAME=value" */
	size_t length; /* of the name */
	size_t field; /* of struct request */
	bool may_be_empty; /* else an empty text counts as absent: nginx sends many of those */
} params[] = {
	{ PARAM("REQUEST_METHOD", method), false },
	{ PARAM("REQUEST_URI", uri), false },
	{ PARAM("CONTENT_TYPE", content_type), false },
	{ PARAM("HTTP_CONTENT_ENCODING", content_encoding), false },
	{ PARAM("REMOTE_ADDR", address), false },
	{ PARAM("REQUEST_ID", request_id), false },
	{ PARAM("HTTP_AUTHORIZATION", authorization), false },
	{ PARAM("HTTP_IF_MATCH", if_match), false },
	{ PARAM("HTTP_IF_NONE_MATCH", if_none_match), false },
	{ PARAM("HTTP_IDEMPOTENCY_KEY", idempotency_key), true },
};

/* Of a repeated header the first counts. */
static void take_param(struct request *rq, const char *entry)
{
	size_t length = (size_t)(strchrnul(entry, '=') - entry);

	for (size_t i = 0; i < COUNT_OF(params); i++) {
		if (params[i].length != length || memcmp(entry, params[i].name, length) != 0)
			continue;
		const char **field = (const char **)((char *)rq + params[i].field);
		if (!*field && (entry[length + 1] || params[i].may_be_empty))
			*field = entry + length + 1;
		return;
	}
}

/* Digits only; empty, as nginx sends it where there is no body, is 0. */
static bool parse_length(const char *text, size_t *length)
{
	size_t digits = strspn(text, "0123456789");

	if (text[digits] || digits > 18)
		return false;
	*length = (size_t)strtoull(text, NULL, 10);
	return true;
}

bool cgi_read_params(struct request *rq, char *const entries[], size_t *announced)
{
	static const char length_prefix[] = "CONTENT_LENGTH=";
	const size_t prefix_length = sizeof(length_prefix) - 1;

	*announced = 0;
	rq->params = entries;
	for (; *entries; entries++) {
		if (strcmp(*entries, "BODY_REFUSED=1") == 0)
			rq->body_too_large = true;
		else if (strncmp(*entries, length_prefix, prefix_length) != 0)
			take_param(rq, *entries);
		else if (!parse_length(*entries + prefix_length, announced))
			return false;
	}
	if (rq->body_too_large)
		*announced = 0;
	if (!rq->request_id)
		rq->request_id = request_id_new(rq->arena);
	if (rq->method && rq->uri)
		return true;
	log_line(LOG_WARN, rq->request_id,
		 "A request without REQUEST_METHOD or REQUEST_URI: the web server must send both");
	return false;
}

static const struct {
	int status;
	const char *text;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

static const char *reason(int status)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unnamed";
}

static bool has_content(const struct request *rq)
{
	return rq->status != 204 && rq->status != 304;
}

void cgi_write_head(struct buffer *head, const struct request *rq)
{
	buffer_text(head, "Status: ");
	buffer_int(head, rq->status);
	buffer_byte(head, ' ');
	buffer_text(head, reason(rq->status));
	if (has_content(rq)) {
		buffer_text(head, "\r\nContent-Type: application/json; charset=utf-8\r\n"
				  "Content-Length: ");
		buffer_int(head, (int64_t)rq->out.length);
	}
	buffer_text(head, "\r\n");
	buffer_put(head, rq->headers.bytes, rq->headers.length);
	buffer_text(head, "\r\n");
}

bool cgi_sends_body(const struct request *rq)
{
	return has_content(rq) && strcmp(rq->method, "HEAD") != 0;
}
