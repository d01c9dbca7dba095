/* Which processes of a host live: told by locks, which go with their holders. */
#include "base/clock.h"
#include "store/presence.h"
#include "suites.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/microtask-presence-XXXXXX";
static struct presence *here;
static struct id over[4];
static size_t over_count;

static void setup(void)
{
	strcpy(directory, "/tmp/microtask-presence-XXXXXX");
	ck_assert(mkdtemp(directory));
	here = presence_new(directory);
	ck_assert(here);
	over_count = 0;
}

static size_t files_remove(bool remove)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(entries)))
		if (entry->d_name[0] != '.') {
			count++;
			if (remove)
				unlinkat(dirfd(entries), entry->d_name, 0);
		}
	closedir(entries);
	return count;
}

static void teardown(void)
{
	presence_free(here);
	files_remove(true);
	rmdir(directory);
}

static void over_note(void *context, const struct id *process)
{
	(void)context;
	ck_assert(over_count < 4);
	over[over_count++] = *process;
}

PROMISE("1 Idempotency-Key", "A dead claimant's lease is taken over")
START_TEST(who_lives_is_not_over_and_who_ended_is)
{
	struct presence *other = presence_new(directory);
	struct id id = *presence_id(other);

	ck_assert(!presence_is_over(here, &id));
	ck_assert(!presence_is_over(other, presence_id(here)));
	presence_each_over(here, 0, over_note, NULL);
	ck_assert_uint_eq(over_count, 0);
	presence_free(other);
	ck_assert(presence_is_over(here, &id));
	presence_each_over(here, CLOCK_MINUTE, over_note, NULL);
	ck_assert_uint_eq(over_count, 1);
	ck_assert(id_equal(&over[0], &id));
}
END_TEST

PROMISE("2 The books", "The records it was working on are usable again within 15 s")
START_TEST(who_was_killed_is_over_and_what_it_noted_is_there)
{
	uint8_t session[PRESENCE_SESSION_SIZE] = "fifteen letters", got[2][PRESENCE_SESSION_SIZE];
	unsigned place = 0;
	int ends[2];
	struct id id;

	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct presence *child = presence_new(directory);

		presence_note_session(child, &place, session);
		if (write(ends[1], presence_id(child), sizeof id) == (ssize_t)sizeof id)
			pause();
		_exit(1);
	}
	ck_assert_int_eq(read(ends[0], &id, sizeof id), (ssize_t)sizeof id);
	ck_assert(!presence_is_over(here, &id));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert(presence_is_over(here, &id));
	ck_assert_uint_eq(presence_sessions(here, &id, got, 2), 1);
	ck_assert_mem_eq(got[0], session, sizeof session);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* Its caller's next one is asked at that moment, and must not hear that somebody is at it. */
PROMISE("1 Idempotency-Key", "A dead claimant's lease is taken over")
START_TEST(who_was_killed_is_over_when_its_connections_end)
{
	for (int i = 0; i < 200; i++) {
		int ends[2];
		struct id id;

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		pid_t pid = fork();
		if (pid == 0) {
			const struct id *child = presence_id(presence_new(directory));

			close(ends[0]);
			/* as many connections as a worker has, the last of them looked at */
			for (int k = 0; k < 100; k++)
				ends[1] = dup(ends[1]);
			if (write(ends[1], child, sizeof *child) == (ssize_t)sizeof *child)
				pause();
			_exit(1);
		}
		close(ends[1]);
		ck_assert_int_eq(read(ends[0], &id, sizeof id), (ssize_t)sizeof id);
		kill(pid, SIGKILL);
		ck_assert_int_eq(read(ends[0], &id.bytes, 1), 0);
		ck_assert(presence_is_over(here, &id));
		waitpid(pid, NULL, 0);
		close(ends[0]);
	}
}
END_TEST

/* However often a thread begins anew: the sessions that others still have stay, and the file does not grow. */
PROMISE("2 The books", "The records it was working on are usable again within 15 s")
START_TEST(of_each_thread_the_last_session_is_told)
{
	uint8_t session[PRESENCE_SESSION_SIZE] = { 7 }, got[3][PRESENCE_SESSION_SIZE];
	unsigned patient = 0, unlucky = 0;

	ck_assert_uint_eq(presence_sessions(here, presence_id(here), got, 3), 0);
	presence_note_session(here, &patient, session);
	for (int i = 0; i < 2000; i++) {
		session[0] = (uint8_t)i;
		presence_note_session(here, &unlucky, session);
	}
	ck_assert_uint_eq(presence_sessions(here, presence_id(here), got, 3), 2);
	ck_assert_int_eq(got[0][0], 7);
	ck_assert_int_eq(got[1][0], (uint8_t)1999);
	ck_assert_uint_eq(presence_sessions(here, presence_id(here), got, 1), 1);
}
END_TEST

PROMISE("1 Idempotency-Key", "A dead claimant's lease is taken over")
START_TEST(who_is_of_another_host_is_never_over)
{
	const struct id stranger = { .bytes = "stranger" };

	ck_assert(!presence_is_over(here, &stranger));
}
END_TEST

PROMISE("1 Idempotency-Key", "A dead claimant's lease is taken over")
START_TEST(who_ended_is_forgotten_when_nobody_can_ask_any_more)
{
	struct presence *other = presence_new(directory);

	presence_touch(other);
	presence_free(other);
	presence_each_over(here, CLOCK_MINUTE, over_note, NULL);
	ck_assert_uint_eq(files_remove(false), 2);
	presence_each_over(here, -CLOCK_MINUTE, over_note, NULL);
	ck_assert_uint_eq(over_count, 2);
	ck_assert_uint_eq(files_remove(false), 1);
}
END_TEST

/* The calendar that counts for all may be far from this host's, which files go by. */
PROMISE("1 Idempotency-Key", "A dead claimant's lease is taken over")
START_TEST(who_ended_is_not_forgotten_by_the_clock_of_another_host)
{
	struct presence *other = presence_new(directory);

	presence_free(other);
	clock_heard(clock_of_host() + 10 * CLOCK_MINUTE);
	presence_each_over(here, CLOCK_MINUTE, over_note, NULL);
	ck_assert_uint_eq(files_remove(false), 2);
}
END_TEST

START_TEST(a_directory_that_cannot_be_used_is_none)
{
	ck_assert(!presence_new("/dev/null/run"));
}
END_TEST

Suite *suite_presence(void)
{
	Suite *suite = suite_create("presence");
	TCase *processes = tcase_create("processes");

	tcase_add_checked_fixture(processes, setup, teardown);
	tcase_add_test(processes, who_lives_is_not_over_and_who_ended_is);
	tcase_add_test(processes, who_was_killed_is_over_and_what_it_noted_is_there);
	tcase_add_test(processes, who_was_killed_is_over_when_its_connections_end);
	tcase_add_test(processes, of_each_thread_the_last_session_is_told);
	tcase_add_test(processes, who_is_of_another_host_is_never_over);
	tcase_add_test(processes, who_ended_is_forgotten_when_nobody_can_ask_any_more);
	tcase_add_test(processes, who_ended_is_not_forgotten_by_the_clock_of_another_host);
	tcase_add_test(processes, a_directory_that_cannot_be_used_is_none);
	suite_add_tcase(suite, processes);
	return suite;
}
