#include "server/output.h"

#include "base/clock.h"
#include "base/count.h"
#include "server/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { RECORD_END = 3, RECORD_OUTPUT = 6, END_SIZE = 8 };
/* The most that a record holds, in the multiples of 8 bytes that its format likes best. */
#define CONTENT_MAX ((size_t)0xfff8)

static void write_header(unsigned char *to, int type, unsigned id, size_t length)
{
	const unsigned char header[RECORDS_HEADER_SIZE] = {
		RECORDS_VERSION,   (unsigned char)type,		 (unsigned char)(id >> 8),
		(unsigned char)id, (unsigned char)(length >> 8), (unsigned char)length,
	};

	memcpy(to, header, sizeof(header));
}

/* ---- sending ---- */

/* *until is 0 before the first time. */
static bool wait_for_room(int fd, int64_t *until)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	int64_t now = clock_steady();

	if (*until == 0)
		*until = now + CONNECTION_PATIENCE_MS;
	return now < *until && poll(&wait, 1, (int)(*until - now)) != 0;
}

static void skip(struct iovec *piece, size_t sent)
{
	for (; sent > 0; piece++) {
		size_t step = sent < piece->iov_len ? sent : piece->iov_len;

		piece->iov_base = (char *)piece->iov_base + step;
		piece->iov_len -= step;
		sent -= step;
	}
}

static bool send_pieces(int fd, struct iovec *pieces, size_t count, int64_t *until)
{
	const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += pieces[i].iov_len;
	while (left > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			skip(pieces, (size_t)sent);
			left -= (size_t)sent;
		} else if (errno == EAGAIN ? !wait_for_room(fd, until) : errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* ---- records ---- */

/* Takes as much of the content's beginning as a record holds. */
static size_t take(struct iovec *content, struct iovec *pieces, size_t count)
{
	size_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		size_t room = CONTENT_MAX - taken;

		pieces[i] = content[i];
		if (pieces[i].iov_len > room)
			pieces[i].iov_len = room;
		taken += pieces[i].iov_len;
	}
	skip(content, taken);
	return taken;
}

bool output_send(int fd, unsigned id, const struct buffer *head, const struct buffer *body)
{
	struct iovec content[] = { { head->bytes, head->length }, { body->bytes, body->length } };
	size_t left = head->length + body->length;
	unsigned char header[RECORDS_HEADER_SIZE];
	unsigned char closing[2 * RECORDS_HEADER_SIZE + END_SIZE] = { 0 };
	int64_t until = 0;

	write_header(closing, RECORD_OUTPUT, id, 0);
	write_header(closing + RECORDS_HEADER_SIZE, RECORD_END, id, END_SIZE);
	do {
		struct iovec pieces[4] = { { header, sizeof(header) } };
		size_t length = take(content, pieces + 1, COUNT_OF(content));

		write_header(header, RECORD_OUTPUT, id, length);
		left -= length;
		if (left == 0)
			pieces[3] = (struct iovec){ closing, sizeof(closing) };
		if (!send_pieces(fd, pieces, COUNT_OF(pieces), &until))
			return false;
	} while (left > 0);
	return true;
}
