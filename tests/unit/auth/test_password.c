#include "auth/password.h"
#include "base/clock.h"
#include "base/turn.h"
#include "suites.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define X72 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define SALT "abcdefghijklmnopqrstuu"
#define RUSSIAN "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c" /* "password" */

static const struct {
	const char *password, *hash;
} vectors[] = {
	/* bcryptjs 2.4.3 */
	{ "a1", "$2a$04$Frh3QbaARvJxdf4/N1P4JOec7KHwyPog2S0mdHxyMLjCoo/.qhKd6" },
	{ "a1", "$2a$10$xHfubNog49pxS/kfHeguweMBbXmGVYItLzZyzJuFzzTSLyW9ysthO" },
	{ "correct horse 1", "$2a$04$K3CCA7zASpkv95h8hQZyju3JBLpRbV5qEI06q/PBdRXe2KdI3X0Ey" },
	{ RUSSIAN "123", "$2a$04$gZXfuMsXSXO5.mVm0P0uYObxk2UX8YOcoFtePmwgIHUYjhovp.rWW" },
	{ X72, "$2a$04$cQv835qHwfgHMuKciSJfQenOoXwLfs3BRMgoRko.QKRFsS6/rvtQO" },
	{ X72 "ignored", "$2a$04$0FiKir.9hyZ7T2Yv2SNGnOBW8O3y25l1v1tbAXu3SH1RkQTfGwq5a" },
	{ "", "$2a$04$" SALT "byCG3zY1GIXMyxfivm.ClDiInHzxjiq" },
	{ "\xc3\xbf\xc2\xa3\x33\x34\x35", "$2y$04$" SALT "OFFVI6x3biGoCr.NQM3jrZSWsXOC0eC" },
	{ RUSSIAN "123", "$2y$10$" SALT "Y09SAdlbe0YMuNAB7BAYLKHZpt9rmnq" },
	{ "correct horse 1", "$2b$10$zyxwvutsrqponmlkjihgfeY3.QiYh9aOVnWMa2nj7PAOIXlem3DXy" },
	/* python-bcrypt 3.2.2, which is OpenBSD's code */
	{ "correct horse 1", "$2a$04$iRKovqsNvUPCBba3M/NfD.rHkvXUFbfnj4zA5gQDQyrJJ0fTMdFJ2" },
	{ "correct horse 1", "$2b$04$VSIEWc37jV7zg2NUNftrc.gNj1m0FknW0NM7wywqdeLwN0.Etyh82" },
	{ "correct horse 1", "$2y$04$" SALT "..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK" },
	{ RUSSIAN "123", "$2b$04$8b/dODcxWFrDPJMhSU6elu.1gEw.fnfSZQO8tm8e1TwRqC8mpKoLC" },
	{ X72, "$2b$04$v0GIs0JuQgTnqcxoVxOCL.dIbS8dKZGJu7OaeZMjDnXoBgwlbaei2" },
	{ "\xff\xa3\x33\x34\x35", "$2b$04$" SALT "UIzecIiCguM2sPh1F7L9IS3zOtmg5Im" },
	/* here libxcrypt's own $2a$ comes out differently */
	{ "\xff\xff\xa3", "$2a$04$" SALT "MOaOTHB4gEm.rriBjXNwBNh.Oc4mKGG" },
};

PROMISE("3 Passwords and failures", "`$2a$`, `$2b$` and `$2y$` verify")
START_TEST(hashes_of_other_implementations_verify)
{
	ck_assert(password_verify(vectors[_i].password, vectors[_i].hash));
}
END_TEST

START_TEST(another_password_does_not_fit)
{
	ck_assert(!password_verify("Correct horse 1", vectors[2].hash));
	ck_assert(!password_verify("correct horse 1 ", vectors[2].hash));
	ck_assert(!password_verify("correct horse ", vectors[2].hash));
	ck_assert(!password_verify("", vectors[2].hash));
	ck_assert(!password_verify("a1", vectors[2].hash));
}
END_TEST

START_TEST(only_the_first_72_bytes_count_however_long_it_is)
{
	static const char x72[] = "$2b$04$v0GIs0JuQgTnqcxoVxOCL.dIbS8dKZGJu7OaeZMjDnXoBgwlbaei2";
	/* y × 601, then 1; libxcrypt alone refuses more than 511 bytes */
	static const char y601[] = "$2a$04$c42zbGxRQlQNV3sE3Ku0reUvQEM5bFBvCdLF1qC/lxsv9OI8RWG8.";
	char longest[2000];

	ck_assert(password_verify(X72 "y", x72));
	ck_assert(!password_verify("y" X72, x72));
	ck_assert(!password_verify(X72 + 1, x72));
	memset(longest, 'y', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(password_verify(longest, y601));
}
END_TEST

#define TAIL "UIzecIiCguM2sPh1F7L9IS3zOtmg5Im"

static const char *const malformed[] = {
	NULL,
	"",
	"correct horse 1",
	"$2b$04$" SALT,
	"$2b$04$" SALT "UIzecIiCguM2sPh1F7L9IS3zOtmg5I",
	"$2b$04$" SALT TAIL ".",
	"$2b$04$" SALT "UIzecIiCguM2sPh1F7L9IS3zOtmg5I:",
	"$2b$04$abcdefghijklmnopqrstu=" TAIL,
	"$2b$4$" SALT TAIL ".",
	"$2b$0x$" SALT TAIL,
	"$2b$03$" SALT TAIL,
	"$2b$31$" SALT TAIL, /* hours */
	"$2x$04$" SALT TAIL,
	"$2$04$" SALT TAIL ".",
	"*2b$04$" SALT TAIL,
	"$1$abcdefgh$0123456789abcdef012345",
	"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

/* Of this thread alone: others may be busy. */
static int64_t work_us(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

static int64_t verify_us(const char *hash, bool *fits)
{
	int64_t started = work_us();

	*fits = password_verify("correct horse 1", hash);
	return work_us() - started;
}

PROMISE("3 POST /login", "401, same text and time for unknown email and wrong password")
START_TEST(what_is_no_hash_is_a_no_after_the_usual_time)
{
	bool fits;
	int64_t usual =
		verify_us("$2b$10$zyxwvutsrqponmlkjihgfeY3.QiYh9aOVnWMa2nj7PAOIXlem3DXy", &fits);

	ck_assert(fits);
	int64_t spent = verify_us(malformed[_i], &fits);
	ck_assert(!fits);
	/* Loosely, as machines are busy: a no without any work takes a thousandth. */
	ck_assert_msg(spent > usual / 4 && spent < usual * 4, "%lld µs instead of %lld",
		      (long long)spent, (long long)usual);
}
END_TEST

PROMISE("3 Passwords and failures", "bcrypt cost 10")
START_TEST(a_new_hash_is_2b_of_cost_10_and_verifies)
{
	char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];

	ck_assert(password_hash("correct horse 1", hash));
	ck_assert_uint_eq(strlen(hash), 60);
	ck_assert_mem_eq(hash, "$2b$10$", 7);
	ck_assert(password_verify("correct horse 1", hash));
	ck_assert(!password_verify("correct horse 2", hash));
	ck_assert(password_hash("correct horse 1", again));
	ck_assert_str_ne(hash, again);
}
END_TEST

START_TEST(a_new_password_beyond_72_bytes_is_not_hashed)
{
	char hash[PASSWORD_HASH_SIZE];

	ck_assert(password_hash(X72, hash));
	ck_assert(password_verify(X72, hash));
	ck_assert(!password_hash(X72 "1", hash));
}
END_TEST

START_TEST(a_new_password_has_a_letter_and_a_digit)
{
	ck_assert_ptr_null(password_rule("a1"));
	ck_assert_ptr_null(password_rule("  Z 9!"));
	ck_assert_ptr_null(password_rule(RUSSIAN "1"));
	ck_assert_ptr_nonnull(password_rule(""));
	ck_assert_ptr_nonnull(password_rule("abcdef"));
	ck_assert_ptr_nonnull(password_rule(RUSSIAN));
	ck_assert_ptr_nonnull(password_rule("123456"));
	ck_assert_ptr_nonnull(password_rule("12_@[`{ !"));
}
END_TEST

/* --- the semaphore --- */

static char run_dir[] = "/tmp/check_gate_XXXXXX";
static struct password_semaphore *semaphore;
static cpu_set_t usual_cores;

/* With two cores there is one slot. */
static void setup(void)
{
	cpu_set_t two;
	int taken = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(usual_cores), &usual_cores), 0);
	CPU_ZERO(&two);
	for (size_t core = 0; core < CPU_SETSIZE && taken < 2; core++) {
		if (!CPU_ISSET(core, &usual_cores))
			continue;
		CPU_SET(core, &two);
		taken++;
	}
	ck_assert_int_eq(sched_setaffinity(0, sizeof(two), &two), 0);
	strcpy(run_dir + strlen(run_dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(run_dir));
	semaphore = password_semaphore_new(run_dir);
	ck_assert_ptr_nonnull(semaphore);
}

static void teardown(void)
{
	char path[64];

	password_semaphore_free(semaphore);
	snprintf(path, sizeof(path), "%s/hash.0.lock", run_dir);
	unlink(path);
	rmdir(run_dir);
	sched_setaffinity(0, sizeof(usual_cores), &usual_cores);
}

START_TEST(a_slot_left_can_be_entered_again)
{
	int slot;

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(password_semaphore_acquire(semaphore, clock_steady(), &slot), OK);
		password_semaphore_release(semaphore, slot);
	}
}
END_TEST

/* Of one who has waited as long as anybody may: they get a moment more. */
static int64_t long_ago(void)
{
	return clock_steady() - PASSWORD_WAIT_MS;
}

struct crowd {
	atomic_int inside, most, served;
};

static void *hash_once(void *argument)
{
	struct crowd *crowd = argument;
	int slot;

	if (password_semaphore_acquire(semaphore, clock_steady(), &slot) != OK)
		return NULL;
	int inside = ++crowd->inside;
	if (inside > crowd->most)
		crowd->most = inside;
	clock_sleep(50);
	crowd->inside--;
	crowd->served++;
	password_semaphore_release(semaphore, slot);
	return NULL;
}

START_TEST(threads_hash_one_at_a_time_and_all_come_to_it)
{
	struct crowd crowd = { 0 };
	pthread_t threads[8];

	ck_assert_int_eq(password_semaphore_slots(semaphore), 1);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hash_once, &crowd), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(crowd.most, 1);
	ck_assert_int_eq(crowd.served, 8);
}
END_TEST

START_TEST(whoever_waited_long_enough_gets_a_moment_more)
{
	int held, slot;

	ck_assert_int_eq(password_semaphore_acquire(semaphore, clock_steady(), &held), OK);
	int64_t started = clock_steady();
	ck_assert_int_eq(password_semaphore_acquire(semaphore, long_ago(), &slot), ERR_UNAVAILABLE);
	ck_assert_int_ge(clock_steady() - started, 990);
	ck_assert_int_lt(clock_steady() - started, PASSWORD_WAIT_MS);
	password_semaphore_release(semaphore, held);
	ck_assert_int_eq(password_semaphore_acquire(semaphore, long_ago(), &slot), OK);
	password_semaphore_release(semaphore, slot);
}
END_TEST

static void *enter_without_turn(void *err)
{
	int slot;

	turn_take(TURN_PROVIDER);
	*(enum err *)err = password_semaphore_acquire(semaphore, clock_steady(), &slot);
	return NULL;
}

START_TEST(who_has_no_turn_to_hash_does_not_get_in)
{
	enum err err = OK;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, enter_without_turn, &err), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(err, ERR_INTERNAL);
}
END_TEST

/* A child that holds the slot until it is killed. */
static pid_t holder_start(void)
{
	int ready[2], slot;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		if (password_semaphore_acquire(semaphore, clock_steady(), &slot) != OK ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

START_TEST(processes_share_the_slots_and_a_dead_one_holds_none)
{
	pid_t child = holder_start();
	int slot;

	ck_assert_int_eq(password_semaphore_acquire(semaphore, long_ago(), &slot), ERR_UNAVAILABLE);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_int_eq(password_semaphore_acquire(semaphore, clock_steady(), &slot), OK);
	password_semaphore_release(semaphore, slot);
}
END_TEST

START_TEST(a_run_directory_is_made_and_one_that_cannot_be_is_refused)
{
	char made[64], lock[80];

	snprintf(made, sizeof(made), "%s/new", run_dir);
	struct password_semaphore *other = password_semaphore_new(made);
	ck_assert_ptr_nonnull(other);
	password_semaphore_free(other);
	snprintf(lock, sizeof(lock), "%s/hash.0.lock", made);
	ck_assert_int_eq(unlink(lock), 0);
	ck_assert_int_eq(rmdir(made), 0);
	ck_assert_ptr_null(password_semaphore_new("/nowhere/to/be/found"));
	ck_assert_ptr_null(password_semaphore_new("/dev/null"));
	password_semaphore_free(NULL);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_password(void)
{
	Suite *suite = suite_create("password");
	TCase *hashes = tcase_create("hashes");
	TCase *semaphores = tcase_create("semaphore");

	tcase_set_timeout(hashes, 20);
	tcase_add_loop_test(hashes, hashes_of_other_implementations_verify, 0, COUNT(vectors));
	tcase_add_test(hashes, another_password_does_not_fit);
	tcase_add_test(hashes, only_the_first_72_bytes_count_however_long_it_is);
	tcase_add_loop_test(hashes, what_is_no_hash_is_a_no_after_the_usual_time, 0,
			    COUNT(malformed));
	tcase_add_test(hashes, a_new_hash_is_2b_of_cost_10_and_verifies);
	tcase_add_test(hashes, a_new_password_beyond_72_bytes_is_not_hashed);
	tcase_add_test(hashes, a_new_password_has_a_letter_and_a_digit);
	tcase_add_checked_fixture(semaphores, setup, teardown);
	tcase_set_timeout(semaphores, 20);
	tcase_add_test(semaphores, a_slot_left_can_be_entered_again);
	tcase_add_test(semaphores, threads_hash_one_at_a_time_and_all_come_to_it);
	tcase_add_test(semaphores, whoever_waited_long_enough_gets_a_moment_more);
	tcase_add_test(semaphores, who_has_no_turn_to_hash_does_not_get_in);
	tcase_add_test(semaphores, processes_share_the_slots_and_a_dead_one_holds_none);
	tcase_add_test(semaphores, a_run_directory_is_made_and_one_that_cannot_be_is_refused);
	suite_add_tcase(suite, hashes);
	suite_add_tcase(suite, semaphores);
	return suite;
}
