/*
 * FastCGI records, checked before libfcgi sees them.
 *
 * libfcgi trusts its peer: lengths that do not add up end the process, a management record may overrun its stack, and a
 * peer that stalls blocks the thread that reads. So the records of a request are collected here as they arrive, and
 * libfcgi reads the parameters when the request is whole (params.h). What is accepted is only what a web server sends:
 * the beginning of a request for a responder, its parameters and its body, all with one id, and nothing after them.
 */
#ifndef SERVER_RECORDS_H
#define SERVER_RECORDS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum { RECORDS_VERSION = 1, RECORDS_HEADER_SIZE = 8 };

/* The most bytes of parameters, names and values together: several times what the web server's header buffers hold. */
#define RECORDS_PARAMS_MAX ((size_t)128 * 1024)
/* The most bytes of a request: the largest body that the web server passes on, and its parameters. */
#define RECORDS_MAX ((size_t)3 * 1024 * 1024)

/* Of a request with more bytes than this, a thread waits for the rest, as the web server has all of it already; but no
 * longer than RECORDS_WAIT_MS. */
#define RECORDS_LARGE ((size_t)64 * 1024)
#define RECORDS_WAIT_MS 1000

enum records_state { RECORDS_PART, RECORDS_WHOLE, RECORDS_BROKEN };

/* All 0 before the first byte of a request. */
struct records {
	struct buffer bytes; /* what has come */
	int64_t began; /* steady milliseconds; 0: nothing has come */
	int64_t waited_us; /* for the rest of a large one */
	size_t judged; /* where the next record begins */
	enum { AT_BEGIN, AT_PARAMS, AT_BODY, AT_END } stage;
	unsigned id;
	bool keeps; /* does the peer keep the connection for further requests? */
	size_t params_end; /* where the body's records begin */
	size_t body; /* bytes of it so far */
	/* of the parameters so far */
	size_t params;
	unsigned char lengths[8]; /* of the pair that begins */
	size_t lengths_count;
	size_t pair_left; /* bytes of a name and its value still to come */
};

/* Checks the bytes that were put into records->bytes since the last call. */
enum records_state records_judge(struct records *records);

/* Reads what the connection has, and checks it. Waits only for the rest of a large request, as said above. BROKEN when
 * that is no request, which is logged, or when the peer is gone. */
enum records_state records_read(struct records *records, int fd);

/* Copies the body of a whole request; there must be room for records->body bytes. */
void records_body(const struct records *records, char *to);

/* Makes ready for the connection's next request. */
void records_reset(struct records *records);

#endif
