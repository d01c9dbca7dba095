#include "base/config.h"
#include "base/log.h"
#include "providers/provider.h"
#include "providers/stripe.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "kJ8vQz3mT0xWn5Rb7LcYd2HsUe9GfAp4"
#define URI "mongodb://db.internal:27017/market?replicaSet=rs0"

static const char *const names[] = {
	"MICROTASK_ENV",       "MONGODB_URI",	    "JWT_SECRET",
	"JWT_SECRET_PREVIOUS", "CORS_ORIGINS",	    "MICROTASK_RUN_DIR",
	"MICROTASK_THREADS",   "MICROTASK_QUEUE",   "MICROTASK_LOG_LEVEL",
	"RATE_LIMIT",	       "LOGIN_FAILURES",    "REGISTER_LIMIT",
	"REVIEW_DAYS",	       "COIN_PACKAGES",	    "COIN_PACKAGES_EXTRA",
	"PAYMENTS_PROVIDER",   "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET",
	"STRIPE_API_BASE",     "GOOGLE_CLIENT_ID",  "MICROTASK_GOOGLE_KEYS_URL",
	"MICROTASK_STREAMS",   "MICROTASK_TRHEADS",
};

static struct arena *arena;
static char problem[256];
static char path[] = "/tmp/check_config_XXXXXX";

/* Just what is required, whatever the shell that runs the tests has set. */
static void setup(void)
{
	arena = arena_new();
	problem[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	setenv("MONGODB_URI", URI, 1);
	setenv("JWT_SECRET", SECRET, 1);
	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
}

static void teardown(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	unlink(path);
	arena_free(arena);
}

static const struct config *read_file(const char *content)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(content, out);
	fclose(out);
	return config_read(arena, provider_settings, path, problem);
}

static const struct config *read_with(const char *name, const char *value)
{
	setenv(name, value, 1);
	return config_read(arena, provider_settings, NULL, problem);
}

PROMISE("1 CORS",
	"Its default is `http://localhost:5173,http://localhost:3000,https://microtash.vercel.app`")
PROMISE("1 Limits", "RATE_LIMIT 500 calls in 15 minutes", "REGISTER_LIMIT 20")
PROMISE("2 Deadlines", "Its default is 0, off")
PROMISE("7 Providers", "The service runs as production unless MICROTASK_ENV=development")
PROMISE("7 POST /purchase-coins", "`COIN_PACKAGES_EXTRA` has none by default")
START_TEST(what_is_not_given_has_its_default)
{
	const struct config *config = config_read(arena, provider_settings, NULL, problem);

	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert(config->production);
	ck_assert_str_eq(config->mongodb_uri, URI);
	ck_assert_str_eq(config->jwt_secret, SECRET);
	ck_assert_str_eq(
		config->cors_origins,
		"http://localhost:5173,http://localhost:3000,https://microtash.vercel.app");
	ck_assert_str_eq(config->run_dir, "/run/microtask");
	ck_assert_int_eq(config->threads, 32);
	ck_assert_int_eq(config->queue, 1024);
	ck_assert_int_eq(config->streams, 10000);
	ck_assert_int_eq(config->log_level, LOG_INFO);
	ck_assert_int_eq(config->rate_limit, 500);
	ck_assert_int_eq(config->login_failures, 10);
	ck_assert_int_eq(config->register_limit, 20);
	ck_assert_int_eq(config->review_days, 0);
	ck_assert_str_eq(config->packages, "10:1,150:10,500:20,1000:35");
	ck_assert_ptr_null(config->packages_extra);
	ck_assert_ptr_null(provider_of(config));
	ck_assert_ptr_null(config->jwt_secret_previous);
	ck_assert_ptr_null(config->google_client_ids);
	ck_assert_str_eq(config->google_keys_url, "https://www.googleapis.com/oauth2/v3/certs");
}
END_TEST

START_TEST(the_environment_sets_every_kind_of_value)
{
	setenv("MICROTASK_ENV", "development", 1);
	setenv("MICROTASK_LOG_LEVEL", "error", 1);
	setenv("MICROTASK_THREADS", "512", 1);
	setenv("RATE_LIMIT", "0", 1);
	const struct config *config = read_with("CORS_ORIGINS", "https://shop.example.org");

	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert(!config->production);
	ck_assert_int_eq(config->log_level, LOG_ERROR);
	ck_assert_int_eq(config->threads, 512);
	ck_assert_int_eq(config->rate_limit, 0);
	ck_assert_str_eq(config->cors_origins, "https://shop.example.org");
}
END_TEST

START_TEST(an_empty_value_counts_as_not_given)
{
	setenv("MICROTASK_THREADS", "", 1);
	const struct config *config = read_with("CORS_ORIGINS", "");

	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert_int_eq(config->threads, 32);
	ck_assert_str_ne(config->cors_origins, "");
	ck_assert_ptr_null(read_with("JWT_SECRET", ""));
	ck_assert_str_eq(problem, "JWT_SECRET is not set; see --help-config.");
}
END_TEST

START_TEST(only_development_has_a_default_database)
{
	unsetenv("MONGODB_URI");
	ck_assert_ptr_null(config_read(arena, provider_settings, NULL, problem));
	ck_assert_str_eq(problem, "MONGODB_URI is not set; see --help-config.");
	const struct config *config = read_with("MICROTASK_ENV", "development");
	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert_str_eq(config->mongodb_uri, "mongodb://127.0.0.1:27017/microtask");
}
END_TEST

PROMISE("7 Providers", "PAYMENTS_PROVIDER `dummy`, the default in development",
	"PAYMENTS_PROVIDER `dummy` in production only when set")
START_TEST(only_development_takes_payments_unasked)
{
	const struct config *config = read_with("MICROTASK_ENV", "development");

	ck_assert_ptr_eq(provider_of(config), &provider_dummy);
	config = read_with("PAYMENTS_PROVIDER", "none");
	ck_assert_ptr_null(provider_of(config));
	setenv("MICROTASK_ENV", "production", 1);
	config = read_with("PAYMENTS_PROVIDER", "dummy");
	ck_assert_ptr_eq(provider_of(config), &provider_dummy);
}
END_TEST

PROMISE("7 Providers", "`stripe` refuses to start without its secret key and webhook secret")
START_TEST(stripe_needs_its_two_secrets)
{
	ck_assert_ptr_null(read_with("PAYMENTS_PROVIDER", "stripe"));
	ck_assert_str_eq(problem,
			 "STRIPE_SECRET_KEY is not set, and PAYMENTS_PROVIDER stripe needs it.");
	ck_assert_ptr_null(read_with("STRIPE_SECRET_KEY", "sk_test_1"));
	ck_assert_str_eq(
		problem,
		"STRIPE_WEBHOOK_SECRET is not set, and PAYMENTS_PROVIDER stripe needs it.");
	const struct config *config = read_with("STRIPE_WEBHOOK_SECRET", "whsec_1");
	ck_assert_msg(config != NULL, "%s", problem);
	const struct stripe_settings *settings = provider_stripe.settings.kept;
	ck_assert_ptr_eq(provider_of(config), &provider_stripe);
	ck_assert_str_eq(settings->key, "sk_test_1");
	ck_assert_str_eq(settings->webhook_secret, "whsec_1");
	ck_assert_str_eq(settings->base, "https://api.stripe.com");
}
END_TEST

#define BASE_SENTENCE \
	"STRIPE_API_BASE must be an http or https address, as in https://api.example.com."
#define WORD_SENTENCE "STRIPE_SECRET_KEY must be printable ASCII characters without spaces."
#define ORIGINS_SENTENCE                                     \
	"CORS_ORIGINS must be origins in lower case, as in " \
	"https://a.example,http://localhost:3000, without spaces."
#define SCHEME_SENTENCE "MONGODB_URI must begin with mongodb:// or mongodb+srv://."
#define DATABASE_SENTENCE "MONGODB_URI must name the database, as in mongodb://host:27017/database."
#define HOST_SENTENCE "MONGODB_URI must name a host, as in mongodb://host:27017/database."
#define THREADS_SENTENCE "MICROTASK_THREADS must be a whole number of 1 to 512."
#define CLIENT_SENTENCE                                                                             \
	"GOOGLE_CLIENT_ID must be words, as in 1234-abcd.apps.googleusercontent.com, with nothing " \
	"but a comma between them."
#define HTTPS_SENTENCE "MICROTASK_GOOGLE_KEYS_URL must begin with https://."
#define KEYS_HOST_SENTENCE "MICROTASK_GOOGLE_KEYS_URL must name a host, as in https://host/path."
#define PREVIOUS_SENTENCE \
	"JWT_SECRET_PREVIOUS must be secrets with nothing but a comma between them."
#define EXAMPLE_SENTENCE \
	"JWT_SECRET looks like an example's value; make one with: openssl rand -base64 48"

static const struct {
	const char *name, *value, *problem;
} bad[] = {
	{ "MICROTASK_ENV", "staging", "MICROTASK_ENV must be development or production." },
	{ "MICROTASK_ENV", "Production", "MICROTASK_ENV must be development or production." },
	{ "MICROTASK_LOG_LEVEL", "verbose",
	  "MICROTASK_LOG_LEVEL must be debug, info, warn or error." },
	{ "MICROTASK_THREADS", "0", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "513", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "-1", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "+1", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", " 1", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "1.5", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "0x10", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "many", THREADS_SENTENCE },
	{ "MICROTASK_THREADS", "18446744073709551617", THREADS_SENTENCE },
	{ "MICROTASK_QUEUE", "0", "MICROTASK_QUEUE must be a whole number of 1 to 65536." },
	{ "MICROTASK_STREAMS", "0", "MICROTASK_STREAMS must be a whole number of 1 to 1000000." },
	{ "RATE_LIMIT", "-1", "RATE_LIMIT must be a whole number of 0 to 1000000." },
	{ "LOGIN_FAILURES", "x", "LOGIN_FAILURES must be a whole number of 0 to 100000." },
	{ "REGISTER_LIMIT", "1e3", "REGISTER_LIMIT must be a whole number of 0 to 1000000." },
	{ "REVIEW_DAYS", "9999", "REVIEW_DAYS must be a whole number of 0 to 3650." },
	{ "MONGODB_URI", "http://db/market", SCHEME_SENTENCE },
	{ "MONGODB_URI", "mongodb:/db/market", SCHEME_SENTENCE },
	{ "MONGODB_URI", "mongodb://", HOST_SENTENCE },
	{ "MONGODB_URI", "mongodb:///market", HOST_SENTENCE },
	{ "MONGODB_URI", "mongodb://db", DATABASE_SENTENCE },
	{ "MONGODB_URI", "mongodb://db/", DATABASE_SENTENCE },
	{ "MONGODB_URI", "mongodb://db/?replicaSet=rs0", DATABASE_SENTENCE },
	{ "MONGODB_URI", "mongodb+srv://db?x=/market", DATABASE_SENTENCE },
	{ "JWT_SECRET", "kJ8vQz3mT0xWn5Rb7LcYd2HsUe9GfAp",
	  "JWT_SECRET must have at least 32 bytes." },
	{ "JWT_SECRET", "please-Change-me-please-9f8e7d6c5b4a", EXAMPLE_SENTENCE },
	{ "JWT_SECRET", "your_super_long_jwt_key_goes_in_here", EXAMPLE_SENTENCE },
	{ "JWT_SECRET", "EXAMPLE-9f8e7d6c5b4a39281706f5e4d3c2", EXAMPLE_SENTENCE },
	{ "JWT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", EXAMPLE_SENTENCE },
	{ "JWT_SECRET", "secretsecretsecretsecretsecretsecret", EXAMPLE_SENTENCE },
	{ "CORS_ORIGINS", "*", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "example.org", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "://a.example", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example/", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://A.example", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://user@a.example", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example:", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example:0", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example:65536", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example:8o", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example, https://b.example", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example,", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", ",https://a.example", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://a.example\";}", ORIGINS_SENTENCE },
	{ "CORS_ORIGINS", "https://[::1", ORIGINS_SENTENCE },
	{ "PAYMENTS_PROVIDER", "paypal", "PAYMENTS_PROVIDER must be none, dummy or stripe." },
	{ "STRIPE_SECRET_KEY", "sk test", WORD_SENTENCE },
	{ "STRIPE_SECRET_KEY", "sk_test\nX: y", WORD_SENTENCE },
	{ "STRIPE_WEBHOOK_SECRET", "whsec\xc3\xa9",
	  "STRIPE_WEBHOOK_SECRET must be printable ASCII characters without spaces." },
	{ "STRIPE_API_BASE", "api.stripe.com", BASE_SENTENCE },
	{ "STRIPE_API_BASE", "ftp://api.stripe.com", BASE_SENTENCE },
	{ "STRIPE_API_BASE", "https://", BASE_SENTENCE },
	{ "STRIPE_API_BASE", "https:///v1", BASE_SENTENCE },
	{ "STRIPE_API_BASE", "https://a.example?x", BASE_SENTENCE },
	{ "STRIPE_API_BASE", "https://user@a.example", BASE_SENTENCE },
	{ "STRIPE_API_BASE", "https://a.example /v1", BASE_SENTENCE },
	{ "GOOGLE_CLIENT_ID", "1234-abcd .apps.googleusercontent.com", CLIENT_SENTENCE },
	{ "GOOGLE_CLIENT_ID", "1234-abcd.apps.googleusercontent.com\n", CLIENT_SENTENCE },
	{ "GOOGLE_CLIENT_ID", "1234-abcd.apps.googleusercontent.com, 5678-efgh", CLIENT_SENTENCE },
	{ "GOOGLE_CLIENT_ID", "1234-abcd.apps.googleusercontent.com,",
	  "GOOGLE_CLIENT_ID must not have a comma without a word beside it." },
	{ "JWT_SECRET_PREVIOUS", "one,,two", PREVIOUS_SENTENCE },
	{ "JWT_SECRET_PREVIOUS", ",", PREVIOUS_SENTENCE },
	{ "JWT_SECRET_PREVIOUS", "one, two", PREVIOUS_SENTENCE },
	{ "MICROTASK_GOOGLE_KEYS_URL", "http://keys.example/certs", HTTPS_SENTENCE },
	{ "MICROTASK_GOOGLE_KEYS_URL", "file:///etc/keys", HTTPS_SENTENCE },
	{ "MICROTASK_GOOGLE_KEYS_URL", "keys.example/certs", HTTPS_SENTENCE },
	{ "MICROTASK_GOOGLE_KEYS_URL", "https://", KEYS_HOST_SENTENCE },
	{ "MICROTASK_GOOGLE_KEYS_URL", "https:///certs", KEYS_HOST_SENTENCE },
	{ "MICROTASK_GOOGLE_KEYS_URL", "https://keys.example/a b",
	  "MICROTASK_GOOGLE_KEYS_URL must be an address without spaces." },
	{ "MICROTASK_TRHEADS", "8",
	  "The environment has MICROTASK_TRHEADS, which is no setting; see --help-config." },
	{ "MICROTASK_TRHEADS", "",
	  "The environment has MICROTASK_TRHEADS, which is no setting; see --help-config." },
};

START_TEST(a_bad_value_is_refused_in_one_sentence)
{
	ck_assert_ptr_null(read_with(bad[_i].name, bad[_i].value));
	ck_assert_str_eq(problem, bad[_i].problem);
}
END_TEST

static const struct {
	const char *name, *value;
} good[] = {
	{ "MONGODB_URI", "mongodb+srv://user:p%2Fw@cluster.mongodb.net/market" },
	{ "MONGODB_URI", "mongodb://a:1,b:2,c:3/market?replicaSet=rs0&tls=true" },
	{ "CORS_ORIGINS", "http://localhost" },
	{ "CORS_ORIGINS", "https://a.example,https://b-c.example:8443" },
	{ "CORS_ORIGINS", "http://[::1]:3000" },
	{ "CORS_ORIGINS", "capacitor://localhost" },
	{ "JWT_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f0" },
	{ "MICROTASK_THREADS", "1" },
	{ "REVIEW_DAYS", "3650" },
	{ "COIN_PACKAGES", "10:1" },
	{ "COIN_PACKAGES_EXTRA", "50:5,120:10,320:25,700:50" },
	{ "STRIPE_API_BASE", "http://127.0.0.1:12111" },
	{ "STRIPE_API_BASE", "https://[::1]:12111/stripe/" },
	{ "GOOGLE_CLIENT_ID", "1234-abcd.apps.googleusercontent.com" },
	{ "GOOGLE_CLIENT_ID", "1234-abcd.apps.googleusercontent.com,5678-efgh" },
	{ "JWT_SECRET_PREVIOUS", "x" },
	{ "JWT_SECRET_PREVIOUS",
	  "change-me,a secret with blanks,0f1e2d3c4b5a69788796a5b4c3d2e1f0" },
	{ "MICROTASK_GOOGLE_KEYS_URL", "https://keys.example:8443/certs?v=3" },
};

PROMISE("3 Tokens",
	"JWT_SECRET_PREVIOUS may be several, with commas; of any length, with a warning")
START_TEST(a_good_value_is_taken)
{
	ck_assert_msg(read_with(good[_i].name, good[_i].value) != NULL, "%s", problem);
}
END_TEST

START_TEST(development_takes_an_example_as_secret_but_no_short_one)
{
	setenv("MICROTASK_ENV", "development", 1);
	ck_assert_ptr_nonnull(read_with("JWT_SECRET", "change-me-change-me-change-me-change-me"));
	ck_assert_ptr_null(read_with("JWT_SECRET", "change-me"));
}
END_TEST

START_TEST(only_development_calls_services_without_tls)
{
	setenv("MICROTASK_ENV", "development", 1);
	ck_assert_ptr_nonnull(read_with("MICROTASK_GOOGLE_KEYS_URL", "http://127.0.0.1:9/certs"));
	ck_assert_ptr_null(read_with("MICROTASK_GOOGLE_KEYS_URL", "ftp://127.0.0.1/certs"));
	ck_assert_str_eq(problem, "MICROTASK_GOOGLE_KEYS_URL must begin with https:// or http://.");
}
END_TEST

START_TEST(the_environment_may_hold_names_of_others)
{
	ck_assert_ptr_nonnull(read_with("EDITOR_OF_OTHERS", "10:1"));
	unsetenv("EDITOR_OF_OTHERS");
}
END_TEST

START_TEST(a_file_wins_over_the_environment)
{
	setenv("MICROTASK_THREADS", "4", 1);
	setenv("MICROTASK_QUEUE", "40", 1);
	const struct config *config = read_file("# pool\n"
						"\n"
						"MICROTASK_THREADS=8\n"
						"   \n"
						"  # more\n"
						"MICROTASK_QUEUE=\n");

	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert_int_eq(config->threads, 8);
	ck_assert_int_eq(config->queue, 40);
}
END_TEST

START_TEST(a_value_in_a_file_may_be_quoted_and_hold_anything)
{
	const struct config *config = read_file("  MICROTASK_RUN_DIR = \"/run/my tasks\"  \r\n"
						"JWT_SECRET='" SECRET "#=\"'\n"
						"MONGODB_URI=mongodb://a/b?c=d\n"
						"REVIEW_DAYS=\"\"\n"
						"MICROTASK_THREADS=9");

	ck_assert_msg(config != NULL, "%s", problem);
	ck_assert_str_eq(config->run_dir, "/run/my tasks");
	ck_assert_str_eq(config->jwt_secret, SECRET "#=\"");
	ck_assert_str_eq(config->mongodb_uri, "mongodb://a/b?c=d");
	ck_assert_int_eq(config->review_days, 0);
	ck_assert_int_eq(config->threads, 9);
}
END_TEST

static const struct {
	const char *content, *problem;
} bad_files[] = {
	{ "\nMICROTASK_TRHEADS=8\n",
	  "line 2: MICROTASK_TRHEADS is no setting; see --help-config." },
	{ "COIN_PACKAGE=8\n", "line 1: COIN_PACKAGE is no setting; see --help-config." },
	{ "export MICROTASK_THREADS=8\n",
	  "line 1: export MICROTASK_THREADS is no setting; see --help-config." },
	{ "MICROTASK_THREADS 8\n", "line 1: not of the form NAME=value." },
	{ "=8\n", "line 1: not of the form NAME=value." },
};

START_TEST(a_bad_line_in_a_file_is_refused_with_its_number)
{
	ck_assert_ptr_null(read_file(bad_files[_i].content));
	ck_assert_ptr_nonnull(strstr(problem, path));
	ck_assert_ptr_nonnull(strstr(problem, bad_files[_i].problem));
}
END_TEST

START_TEST(a_bad_value_in_a_file_is_refused_like_any)
{
	ck_assert_ptr_null(read_file("MICROTASK_THREADS=8 # enough\n"));
	ck_assert_str_eq(problem, THREADS_SENTENCE);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_refused)
{
	ck_assert_ptr_null(config_read(arena, provider_settings, "/nowhere/at.all", problem));
	ck_assert_str_eq(problem, "/nowhere/at.all cannot be read: No such file or directory.");
	ck_assert_ptr_null(config_read(arena, provider_settings, "/tmp", problem));
	ck_assert_str_eq(problem, "/tmp cannot be read: Is a directory.");
}
END_TEST

START_TEST(the_help_tells_every_setting_and_no_secret)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	config_print_help(provider_settings, out);
	fclose(out);
	/* The last name is the mistyped one. */
	for (size_t i = 0; i + 1 < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(strstr(text, names[i]) != NULL, "%s is missing", names[i]);
	ck_assert_ptr_nonnull(strstr(text, "1 to 512; default 32"));
	ck_assert_ptr_nonnull(
		strstr(text, "none, dummy, stripe; default none in production, else dummy"));
	ck_assert_ptr_nonnull(strstr(text, "coins:dollars,…; default none"));
	ck_assert_ptr_nonnull(strstr(text, "secret text; required\n"));
	ck_assert_ptr_nonnull(strstr(text, "text; default none\n"));
	ck_assert_ptr_null(strstr(text, SECRET));
	ck_assert_ptr_null(strstr(text, "db.internal"));
	free(text);
}
END_TEST

START_TEST(the_page_has_a_row_for_every_setting_and_no_secret)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	config_print_markdown(provider_settings, out);
	fclose(out);
	for (size_t i = 0; i + 1 < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(strstr(text, arena_printf(arena, "\n| `%s` | ", names[i])) != NULL,
			      "%s is missing", names[i]);
	ck_assert_ptr_nonnull(strstr(
		text,
		"\n| `MICROTASK_THREADS` | `32` | 1 to 512 | Worker threads in each process. |\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n| `JWT_SECRET` | required | secret text | "));
	ck_assert_ptr_nonnull(strstr(text, "\n| `GOOGLE_CLIENT_ID` | none | text | "));
	ck_assert_ptr_null(strstr(text, SECRET));
	ck_assert_ptr_null(strstr(text, "db.internal"));
	free(text);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_config(void)
{
	Suite *suite = suite_create("config");
	TCase *values = tcase_create("values");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_test(values, what_is_not_given_has_its_default);
	tcase_add_test(values, the_environment_sets_every_kind_of_value);
	tcase_add_test(values, an_empty_value_counts_as_not_given);
	tcase_add_test(values, only_development_has_a_default_database);
	tcase_add_test(values, only_development_takes_payments_unasked);
	tcase_add_test(values, stripe_needs_its_two_secrets);
	tcase_add_loop_test(values, a_bad_value_is_refused_in_one_sentence, 0, COUNT(bad));
	tcase_add_loop_test(values, a_good_value_is_taken, 0, COUNT(good));
	tcase_add_test(values, development_takes_an_example_as_secret_but_no_short_one);
	tcase_add_test(values, only_development_calls_services_without_tls);
	tcase_add_test(values, the_environment_may_hold_names_of_others);
	tcase_add_test(values, the_help_tells_every_setting_and_no_secret);
	tcase_add_test(values, the_page_has_a_row_for_every_setting_and_no_secret);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, a_file_wins_over_the_environment);
	tcase_add_test(files, a_value_in_a_file_may_be_quoted_and_hold_anything);
	tcase_add_loop_test(files, a_bad_line_in_a_file_is_refused_with_its_number, 0,
			    COUNT(bad_files));
	tcase_add_test(files, a_bad_value_in_a_file_is_refused_like_any);
	tcase_add_test(files, a_file_that_cannot_be_read_is_refused);
	suite_add_tcase(suite, values);
	suite_add_tcase(suite, files);
	return suite;
}
