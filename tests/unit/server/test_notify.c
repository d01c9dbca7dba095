#include "server/notify.h"
#include "suites.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
	char directory[] = "/tmp/check_notify_XXXXXX", name[64];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(name, sizeof(name), "%s/socket", directory);
	manage(name);
	notify_send("READY=1");
	assert_told("READY=1");
	unlink(name);
	rmdir(directory);
}
END_TEST

START_TEST(an_abstract_name_is_told)
{
	char name[64];

	snprintf(name, sizeof(name), "@check_notify_%d", (int)getpid());
	manage(name);
	notify_send("STOPPING=1");
	assert_told("STOPPING=1");
}
END_TEST

START_TEST(nobody_to_tell_is_no_harm)
{
	static const char *const names[] = { "", "relative", "/nowhere/at/all", "@nobody_listens" };

	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_send("READY=1");
	}
	unsetenv("NOTIFY_SOCKET");
}
END_TEST

Suite *suite_notify(void)
{
	Suite *suite = suite_create("notify");
	TCase *telling = tcase_create("telling");

	tcase_add_test(telling, a_path_is_told);
	tcase_add_test(telling, an_abstract_name_is_told);
	tcase_add_test(telling, nobody_to_tell_is_no_harm);
	suite_add_tcase(suite, telling);
	return suite;
}
