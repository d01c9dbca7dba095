#include "server/process.h"
#include "suites.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

START_TEST(a_listening_socket_is_taken_and_never_waited_for)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool tcp = false;

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
	ck_assert(!process_listens(fd, &tcp));
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert(process_listens(fd, &tcp) && tcp);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	ck_assert(!process_listens(fd, NULL));
}
END_TEST

START_TEST(each_signal_that_ends_us_is_taken_once)
{
	sigset_t before;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	process_block_signals();
	int fd = process_signals();
	ck_assert(!process_take_signal(fd));
	raise(SIGUSR1); /* is blocked, and ends nobody */
	ck_assert(!process_take_signal(fd));
	raise(SIGTERM);
	raise(SIGINT);
	ck_assert(process_take_signal(fd) && process_take_signal(fd));
	ck_assert(!process_take_signal(fd));
	close(fd);
	signal(SIGUSR1, SIG_IGN);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
END_TEST

/* One that has no descriptor left can neither read a request nor write its log. */
START_TEST(connections_leave_descriptors_for_the_rest)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_ge(limit.rlim_max, 1024);
	limit.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	int64_t most = limit.rlim_max > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_max;
	ck_assert_int_eq(process_connections(), most - 256);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, limit.rlim_max);
}
END_TEST

static int manager = -1;

/* Listens as a service manager does and puts the name into the environment. */
static void manage(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);

	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(manager, (const struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void assert_told(const char *state)
{
	char text[64];
	ssize_t length = recv(manager, text, sizeof(text), MSG_DONTWAIT);

	ck_assert_int_eq(length, (ssize_t)strlen(state));
	ck_assert_int_eq(memcmp(text, state, (size_t)length), 0);
	close(manager);
	unsetenv("NOTIFY_SOCKET");
}

START_TEST(a_path_is_told)
{
	char directory[] = "/tmp/check_process_XXXXXX", name[64];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(name, sizeof(name), "%s/socket", directory);
	manage(name);
	process_tell("READY=1");
	assert_told("READY=1");
	unlink(name);
	rmdir(directory);
}
END_TEST

START_TEST(an_abstract_name_is_told)
{
	char name[64];

	snprintf(name, sizeof(name), "@check_process_%d", (int)getpid());
	manage(name);
	process_tell("STOPPING=1");
	assert_told("STOPPING=1");
}
END_TEST

START_TEST(nobody_to_tell_is_no_harm)
{
	static const char *const names[] = { "", "relative", "/nowhere/at/all", "@nobody_listens" };

	unsetenv("NOTIFY_SOCKET");
	process_tell("READY=1");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		process_tell("READY=1");
	}
	unsetenv("NOTIFY_SOCKET");
}
END_TEST

Suite *suite_process(void)
{
	Suite *suite = suite_create("process");
	TCase *telling = tcase_create("telling"), *starting = tcase_create("starting");

	tcase_add_test(telling, a_path_is_told);
	tcase_add_test(telling, an_abstract_name_is_told);
	tcase_add_test(telling, nobody_to_tell_is_no_harm);
	suite_add_tcase(suite, telling);
	tcase_add_test(starting, a_listening_socket_is_taken_and_never_waited_for);
	tcase_add_test(starting, each_signal_that_ends_us_is_taken_once);
	tcase_add_test(starting, connections_leave_descriptors_for_the_rest);
	suite_add_tcase(suite, starting);
	return suite;
}
