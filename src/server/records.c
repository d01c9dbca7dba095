#include "server/records.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { RESPONDER = 1, KEEPS = 1, BEGIN_SIZE = 8, CHUNK_SIZE = 16 * 1024 };
enum record_type { RECORD_BEGIN = 1, RECORD_PARAMS = 4, RECORD_BODY = 5 };

/* ---- parameters ---- */

/* A length is one byte, or four of which the first has its highest bit set. 0 until all of it is there. */
static size_t length_size(const unsigned char *bytes, size_t count)
{
	size_t size = count > 0 && bytes[0] & 0x80 ? 4 : 1;

	return size <= count ? size : 0;
}

static size_t length_value(const unsigned char *bytes)
{
	if (!(bytes[0] & 0x80))
		return bytes[0];
	return (size_t)(bytes[0] & 0x7f) << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 |
	       bytes[3];
}

/* One more byte of the lengths before a pair. false when they say what no request has. */
static bool take_length_byte(struct records *records, unsigned char byte)
{
	const unsigned char *name = records->lengths;

	records->lengths[records->lengths_count++] = byte;
	size_t name_size = length_size(name, records->lengths_count);
	if (!name_size)
		return true;
	if (!length_size(name + name_size, records->lengths_count - name_size))
		return true;
	/* Each is below 2^31, so they can be added here. */
	records->pair_left = length_value(name) + length_value(name + name_size);
	records->lengths_count = 0;
	return length_value(name) > 0 && records->pair_left <= RECORDS_PARAMS_MAX;
}

/* Pairs go on from record to record, as the peer's buffers happened to end. */
static bool take_params(struct records *records, const unsigned char *content, size_t length)
{
	records->params += length;
	if (records->params > RECORDS_PARAMS_MAX)
		return false;
	while (length > 0) {
		size_t step = records->pair_left < length ? records->pair_left : length;

		if (step > 0)
			records->pair_left -= step;
		else if (take_length_byte(records, *content))
			step = 1;
		else
			return false;
		content += step;
		length -= step;
	}
	return true;
}

/* ---- records ---- */

static unsigned two_bytes(const unsigned char *at)
{
	return (unsigned)(at[0] << 8 | at[1]);
}

static size_t record_size(const unsigned char *header)
{
	return RECORDS_HEADER_SIZE + two_bytes(header + 4) + header[6];
}

/*
 * Checked before its content is there, so that another protocol is told at once. Padding after the beginning or the end
 * of a stream, which needs none, is sent by nobody, and libfcgi would take it for a record.
 */
static bool header_sound(const struct records *records, const unsigned char *header)
{
	static const enum record_type types[] = { RECORD_BEGIN, RECORD_PARAMS, RECORD_BODY };
	unsigned id = two_bytes(header + 2);
	size_t length = two_bytes(header + 4);

	if (header[0] != RECORDS_VERSION || header[1] != types[records->stage])
		return false;
	if (header[6] && (records->stage == AT_BEGIN || length == 0))
		return false;
	return records->stage == AT_BEGIN ? id != 0 && length == BEGIN_SIZE : id == records->id;
}

/* A stream of records ends with an empty one. */
static bool take_record(struct records *records, const unsigned char *header, size_t length)
{
	const unsigned char *content = header + RECORDS_HEADER_SIZE;

	switch (records->stage) {
	case AT_BEGIN:
		records->id = two_bytes(header + 2);
		records->keeps = content[2] & KEEPS;
		records->stage = AT_PARAMS;
		return two_bytes(content) == RESPONDER;
	case AT_PARAMS:
		if (length > 0)
			return take_params(records, content, length);
		records->params_end = records->judged + record_size(header);
		records->stage = AT_BODY;
		return records->pair_left == 0 && records->lengths_count == 0;
	default:
		records->body += length;
		if (length == 0)
			records->stage = AT_END;
		return true;
	}
}

enum records_state records_judge(struct records *records)
{
	const unsigned char *bytes = (const unsigned char *)records->bytes.bytes;
	size_t end = records->bytes.length;

	while (records->stage != AT_END && end - records->judged >= RECORDS_HEADER_SIZE) {
		const unsigned char *header = bytes + records->judged;
		size_t length = two_bytes(header + 4);
		size_t whole = record_size(header);

		if (!header_sound(records, header))
			return RECORDS_BROKEN;
		if (end - records->judged < whole)
			break;
		if (!take_record(records, header, length))
			return RECORDS_BROKEN;
		records->judged += whole;
	}
	if (records->stage == AT_END)
		return records->judged == end ? RECORDS_WHOLE : RECORDS_BROKEN;
	return end <= RECORDS_MAX ? RECORDS_PART : RECORDS_BROKEN;
}

/* ---- connections ---- */

/* Large ones are taken to their end one after the other: all at once, as they come, they would fill the memory. */
static bool more_comes(struct records *records, int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t begun_us = clock_steady_us(), left = RECORDS_WAIT_MS - records->waited_us / 1000;

	if (records->bytes.length < RECORDS_LARGE || left <= 0)
		return false;
	bool more = poll(&wait, 1, (int)left) > 0;
	records->waited_us += clock_steady_us() - begun_us;
	return more;
}

enum records_state records_read(struct records *records, int fd)
{
	enum records_state state = RECORDS_PART;
	char chunk[CHUNK_SIZE];

	while (state == RECORDS_PART) {
		ssize_t count = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN) {
			if (!more_comes(records, fd))
				return RECORDS_PART;
			continue;
		}
		if (count <= 0)
			return RECORDS_BROKEN;
		if (!records->began)
			records->began = clock_steady();
		buffer_put(&records->bytes, chunk, (size_t)count);
		state = records_judge(records);
	}
	if (state == RECORDS_BROKEN)
		log_line(LOG_WARN, NULL,
			 "A connection was closed: what came is no FastCGI request, or too large");
	return state;
}

void records_body(const struct records *records, char *to)
{
	const unsigned char *at = (const unsigned char *)records->bytes.bytes + records->params_end;
	size_t length;

	for (; (length = two_bytes(at + 4)) > 0; at += record_size(at)) {
		memcpy(to, at + RECORDS_HEADER_SIZE, length);
		to += length;
	}
}

void records_reset(struct records *records)
{
	buffer_free(&records->bytes);
	*records = (struct records){ 0 };
}
