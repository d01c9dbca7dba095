#include "providers/http_server.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener;
static char url[64];
static pthread_t thread;
static _Atomic(const char *) answer;
static atomic_int count;
static atomic_bool held;

/* To the end of the head: none of the requests has a body. */
static bool request_read(int connection)
{
	char text[4096];
	size_t length = 0;

	while (length < sizeof(text) - 1) {
		ssize_t got = read(connection, text + length, sizeof(text) - 1 - length);

		if (got <= 0)
			return false;
		length += (size_t)got;
		text[length] = '\0';
		if (strstr(text, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void serve(int connection)
{
	if (!request_read(connection))
		return;
	atomic_fetch_add(&count, 1);
	while (atomic_load(&held))
		clock_sleep(1);
	const char *text = atomic_load(&answer);
	size_t length = text ? strlen(text) : 0;
	/* a client that has given up is no matter here */
	for (ssize_t put; length > 0; text += put, length -= (size_t)put) {
		put = send(connection, text, length, MSG_NOSIGNAL);
		if (put <= 0)
			return;
	}
}

static void *run(void *unused)
{
	(void)unused;
	for (int connection; (connection = accept(listener, NULL, NULL)) >= 0;) {
		serve(connection);
		close(connection);
	}
	return NULL;
}

void http_server_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	atomic_store(&answer, NULL);
	atomic_store(&held, false);
	atomic_store(&count, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(listener, 64), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/keys", ntohs(address.sin_port));
	ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
}

void http_server_stop(void)
{
	http_server_hold(false);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
}

const char *http_server_url(void)
{
	return url;
}

void http_server_answer(const char *text)
{
	atomic_store(&answer, text);
}

void http_server_hold(bool whether)
{
	atomic_store(&held, whether);
}

int http_server_count(void)
{
	return atomic_load(&count);
}
