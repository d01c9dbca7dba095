#include "fcgi_fixture.h"

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared *shared;
int listener = -1;
pid_t server_pid = -1;
const struct bulkhead_limits *server_bulkheads;

/* --- the service under test --- */

static struct db *service_start(struct app *app)
{
	bool refuses = atomic_fetch_add(&shared->started, 1) + 1 == shared->refuse_start;

	(void)app;
	return refuses ? NULL : (struct db *)shared; /* nobody asks it anything */
}

static void service_stop(struct db *db)
{
	(void)db;
	atomic_fetch_add(&shared->stopped, 1);
}

static void service_ready(void)
{
	atomic_fetch_add(&shared->ready, 1);
}

static void echo(struct request *rq)
{
	struct json *json = respond_status(rq, 200);

	json_text(json, "method", rq->method);
	json_text(json, "uri", rq->uri);
	json_text(json, "type", rq->content_type);
	json_text(json, "authorization", rq->authorization);
	json_text(json, "ifMatch", rq->if_match);
	json_text(json, "ifNoneMatch", rq->if_none_match);
	json_text(json, "key", rq->idempotency_key);
	json_text(json, "address", rq->address);
	json_text(json, "id", rq->request_id);
	json_text_n(json, "body", rq->body ? rq->body : "",
		    rq->body_length < 40 ? rq->body_length : 0);
	json_int(json, "length", (int64_t)rq->body_length);
	json_bool(json, "tooLarge", rq->body_too_large);
	json_finish(json);
}

static void hold_on(void)
{
	atomic_fetch_add(&shared->held, 1);
	while (!shared->let_go)
		clock_sleep(2);
}

static enum turn service_handle(struct request *rq)
{
	atomic_fetch_add(&shared->handled, 1);
	if (strncmp(rq->uri, "/turn", 5) == 0)
		return TURN_PROVIDER;
	if (strcmp(rq->uri, "/hold") == 0)
		hold_on();
	echo(rq);
	if (strncmp(rq->uri, "/status/", 8) == 0)
		rq->status = atoi(rq->uri + 8);
	if (strcmp(rq->uri, "/large") == 0) {
		buffer_reset(&rq->out);
		for (int i = 0; i < 300000; i++)
			buffer_byte(&rq->out, (char)('a' + i % 26));
	}
	respond_header(rq, "X-Own", "yes");
	return TURN_NONE;
}

static void service_resume(struct request *rq)
{
	int running = atomic_fetch_add(&shared->running, 1) + 1;

	if (running > shared->most)
		shared->most = running;
	atomic_fetch_add(&shared->resumed, 1);
	if (strcmp(rq->uri, "/turn/hold") == 0)
		hold_on();
	echo(rq);
	atomic_fetch_sub(&shared->running, 1);
}

static void service_turn_away(struct request *rq, int seconds)
{
	(void)seconds;
	atomic_fetch_add(&shared->turned_away, 1);
	echo(rq);
	rq->status = 503;
}

static struct fair_key service_share(const struct request *rq)
{
	(void)rq;
	return (struct fair_key){ 0 };
}

/* --- starting and stopping it --- */

void server_start(int threads, int queue)
{
	const struct fcgi_server server = {
		.threads = threads,
		.queue = queue,
		.start = service_start,
		.stop = service_stop,
		.bulkheads = server_bulkheads,
		.handle = service_handle,
		.resume = service_resume,
		.turn_away = service_turn_away,
		.share = service_share,
		.ready = service_ready,
	};

	server_pid = fork();
	ck_assert_int_ge(server_pid, 0);
	if (server_pid == 0)
		_exit(fcgi_serve(&server, listener) == 0 ? 0 : 1);
}

void server_listen(int domain, const struct sockaddr *address, socklen_t length)
{
	listener = socket(domain, SOCK_STREAM, 0);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(bind(listener, address, length), 0);
	ck_assert_int_eq(listen(listener, 128), 0);
}

void server_setup(void)
{
	/* No name: the kernel gives it an abstract one that nobody else has. */
	const struct sockaddr_un unnamed = { .sun_family = AF_UNIX };

	server_listen(AF_UNIX, (const struct sockaddr *)&unnamed, sizeof(unnamed.sun_family));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

void server_teardown(void)
{
	if (server_pid > 0) {
		kill(server_pid, SIGKILL);
		waitpid(server_pid, NULL, 0);
	}
	server_pid = -1;
	close(listener);
	munmap(shared, sizeof(*shared));
}

int connected(void)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	int fd = socket(address.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, length), 0);
	return fd;
}

void await(atomic_int *count, int wanted)
{
	for (int looks = 0; *count < wanted; looks++) {
		ck_assert_msg(looks < 10000, "%d instead of %d", *count, wanted);
		clock_sleep(2);
	}
}

void send_call(int fd, const struct call *call)
{
	struct buffer out = { 0 };

	client_request(&out, call);
	client_send(fd, &out);
}

/* Linux names the signals that wait for a process in its status. */
static bool signal_waits(int number)
{
	unsigned long long waiting = 0;
	char path[32], line[128];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)server_pid);
	FILE *status = fopen(path, "r");
	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "ShdPnd: %llx", &waiting) == 1)
			break;
	fclose(status);
	return waiting >> (number - 1) & 1;
}

void server_signal(int number)
{
	kill(server_pid, number);
	while (signal_waits(number))
		clock_sleep(2);
}

int server_end(void)
{
	int status = -1;

	ck_assert_int_eq(waitpid(server_pid, &status, 0), server_pid);
	server_pid = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const struct call get = { .method = "GET", .uri = "/" };
const struct call hold = { .method = "GET", .uri = "/hold" };

void assert_serves(int fd)
{
	const char *text = client_call(fd, &get);

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "Status: 200 OK\r\n"));
}
