#include "fcgi_client.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longer than a busy machine keeps anybody waiting. */
#define PATIENCE_MS 30000

enum record_type { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static void put_record(struct buffer *out, enum record_type type, const void *bytes, size_t length)
{
	const unsigned char header[8] = {
		1, (unsigned char)type, 0, 1, (unsigned char)(length >> 8), (unsigned char)length,
	};

	buffer_put(out, header, sizeof(header));
	buffer_put(out, bytes, length);
}

static void put_length(struct buffer *out, size_t length)
{
	if (length >= 128) {
		buffer_byte(out, (char)(0x80 | (length >> 24)));
		buffer_byte(out, (char)(length >> 16));
		buffer_byte(out, (char)(length >> 8));
	}
	buffer_byte(out, (char)length);
}

static void put_param(struct buffer *out, const char *name, size_t name_length, const char *value)
{
	put_length(out, name_length);
	put_length(out, strlen(value));
	buffer_put(out, name, name_length);
	buffer_text(out, value);
}

static void put_named(struct buffer *out, const char *name, const char *value)
{
	if (value)
		put_param(out, name, strlen(name), value);
}

void client_begin(struct buffer *out, const struct call *call)
{
	const unsigned char role[8] = { 0, 1, call->once ? 0 : 1 };
	struct buffer params = { 0 };
	char length[24];

	snprintf(length, sizeof(length), "%zu", call->body_length);
	put_named(&params, "REQUEST_METHOD", call->method);
	put_named(&params, "REQUEST_URI", call->uri);
	put_named(&params, "CONTENT_LENGTH", call->announced ? call->announced : length);
	for (size_t i = 0; i < CALL_EXTRAS && call->extras[i]; i++) {
		const char *value = strchr(call->extras[i], '=') + 1;
		put_param(&params, call->extras[i], (size_t)(value - call->extras[i]) - 1, value);
	}
	put_record(out, BEGIN, role, sizeof(role));
	put_record(out, PARAMS, params.bytes, params.length);
	put_record(out, PARAMS, NULL, 0);
	buffer_free(&params);
}

void client_body(struct buffer *out, const char *bytes, size_t length)
{
	const size_t most = 32768;

	for (size_t at = 0; at < length; at += most)
		put_record(out, STDIN, bytes + at, length - at < most ? length - at : most);
}

void client_end(struct buffer *out)
{
	put_record(out, STDIN, NULL, 0);
}

void client_request(struct buffer *out, const struct call *call)
{
	client_begin(out, call);
	client_body(out, call->body, call->body_length);
	client_end(out);
}

void client_send(int fd, struct buffer *out)
{
	size_t sent = 0;

	while (sent < out->length) {
		ssize_t count = send(fd, out->bytes + sent, out->length - sent, MSG_NOSIGNAL);
		if (count <= 0)
			break;
		sent += (size_t)count;
	}
	buffer_free(out);
}

static bool wait_for(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, PATIENCE_MS) == 1;
}

static bool read_all(int fd, unsigned char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = wait_for(fd) ? recv(fd, bytes, length, 0) : -1;
		if (count <= 0)
			return false;
		bytes += count;
		length -= (size_t)count;
	}
	return true;
}

bool client_read(int fd, struct buffer *text)
{
	unsigned char header[8];
	static unsigned char content[65536 + 256];

	while (read_all(fd, header, sizeof(header))) {
		size_t length = (size_t)header[4] << 8 | header[5];
		if (!read_all(fd, content, length + header[6]))
			return false;
		if (header[1] == STDOUT)
			buffer_put(text, content, length);
		if (header[1] == END)
			return true;
	}
	return false;
}

bool client_sees_hangup(int fd)
{
	struct pollfd poller = { .fd = fd };

	return poll(&poller, 1, PATIENCE_MS) == 1 && (poller.revents & POLLHUP);
}

bool client_sees_end(int fd)
{
	char byte;

	return wait_for(fd) && recv(fd, &byte, 1, 0) <= 0;
}

const char *client_call(int fd, const struct call *call)
{
	static struct buffer text;
	struct buffer out = { 0 };

	buffer_reset(&text);
	client_request(&out, call);
	client_send(fd, &out);
	return client_read(fd, &text) ? text.bytes : NULL;
}
