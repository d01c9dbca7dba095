#include "base/config.h"
#include "base/config_check.h"
#include "base/count.h"
#include "base/log.h"
#include "base/setting.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUR_PREFIX "MICROTASK_"

/* Their places are the values of config->production. */
static const char *const environments[] = { "development", "production", NULL };
/* As enum log_level counts. */
static const char *const log_levels[] = { "debug", "info", "warn", "error", NULL };
static_assert(LOG_DEBUG == 0 && LOG_ERROR == 3, "log_levels follows enum log_level");

#define AT(member) .offset = offsetof(struct config, member)

/* MICROTASK_ENV comes first: what the others may be depends on it. */
const struct setting config_settings[] = {
	{ "MICROTASK_ENV", SETTING_CHOICE, AT(production), .standard = "production",
	  .choices = environments,
	  .sentence = "What the service runs for; development allows more comfortable defaults." },
	{ "MONGODB_URI", SETTING_TEXT, AT(mongodb_uri),
	  .standard = "mongodb://127.0.0.1:27017/microtask", .check = config_check_mongodb_uri,
	  .flags = SETTING_REQUIRED | SETTING_SECRET | SETTING_NOT_PRODUCTION,
	  .sentence = "The MongoDB replica set, with the database's name in the path. "
		      "What it says of write concern and reads is not followed." },
	{ "JWT_SECRET", SETTING_TEXT, AT(jwt_secret), .check = config_check_jwt_secret,
	  .flags = SETTING_REQUIRED | SETTING_SECRET,
	  .sentence = "Signs the tokens of users; at least 32 random bytes, the same everywhere." },
	{ "JWT_SECRET_PREVIOUS", SETTING_TEXT, AT(jwt_secret_previous),
	  .check = config_check_jwt_secret_previous, .flags = SETTING_SECRET,
	  .sentence =
		  "Earlier secrets, of any length, separated by commas: they still verify tokens "
		  "and sign none." },
	{ "CORS_ORIGINS", SETTING_TEXT, AT(cors_origins), .check = config_check_cors_origins,
	  .standard = "http://localhost:5173,http://localhost:3000,https://microtash.vercel.app",
	  .sentence = "The origins whose pages may call the service, separated by commas." },
	{ "MICROTASK_RUN_DIR", SETTING_TEXT, AT(run_dir), .standard = "/run/microtask",
	  .sentence = "The directory of lock files that all processes of this host share." },
	{ "MICROTASK_THREADS", SETTING_WHOLE, AT(threads), .standard = "32", .min = 1, .max = 512,
	  .sentence = "Worker threads in each process." },
	{ "MICROTASK_QUEUE", SETTING_WHOLE, AT(queue), .standard = "1024", .min = 1, .max = 65536,
	  .sentence = "Requests that may wait for a thread, and for each turn to hash or to call a "
		      "service; beyond it callers get a 503." },
	{ "MICROTASK_STREAMS", SETTING_WHOLE, AT(streams), .standard = "10000", .min = 1,
	  .max = 1000000,
	  .sentence = "Open streams in each process of microtask-events; beyond it callers get a "
		      "503." },
	{ "MICROTASK_LOG_LEVEL", SETTING_CHOICE, AT(log_level), .standard = "info",
	  .choices = log_levels, .sentence = "Log lines below this level are dropped." },
	{ "RATE_LIMIT", SETTING_WHOLE, AT(rate_limit), .standard = "500", .max = 1000000,
	  .sentence = "Calls from one address in 15 minutes; 0 is no limit." },
	{ "LOGIN_FAILURES", SETTING_WHOLE, AT(login_failures), .standard = "10", .max = 100000,
	  .sentence = "Failed logins to an account from an address in 15 minutes; 0 is no limit." },
	{ "REGISTER_LIMIT", SETTING_WHOLE, AT(register_limit), .standard = "20", .max = 1000000,
	  .sentence = "Registrations from one address in an hour; 0 is no limit." },
	{ "GOOGLE_CLIENT_ID", SETTING_TEXT, AT(google_client_ids),
	  .check = config_check_google_client_id,
	  .sentence =
		  "The client ids that Google gave for sign-in, separated by commas; without any "
		  "nobody signs in so." },
	{ "MICROTASK_GOOGLE_KEYS_URL", SETTING_TEXT, AT(google_keys_url),
	  .standard = "https://www.googleapis.com/oauth2/v3/certs",
	  .check = config_check_service_url,
	  .sentence = "Where the keys are that Google signs its tokens with." },
	{ "REVIEW_DAYS", SETTING_WHOLE, AT(review_days), .standard = "0", .max = 3650,
	  .sentence =
		  "Approves work that was not reviewed for so many days; 0 leaves it waiting." },
	{ "COIN_PACKAGES", SETTING_TEXT, AT(packages), .standard = "10:1,150:10,500:20,1000:35",
	  .form = "coins:dollars,…",
	  .sentence = "What coins cost, as coins:dollars pairs separated by commas." },
	{ "COIN_PACKAGES_EXTRA", SETTING_TEXT, AT(packages_extra), .form = "coins:dollars,…",
	  .sentence = "More packages, sold by POST /api/payments/purchase-coins alone." },
	{ "PAYMENTS_PROVIDER", SETTING_PROVIDER, AT(provider), .standard = "dummy",
	  .flags = SETTING_NOT_PRODUCTION,
	  .sentence = "Who takes the money for coins; dummy takes none and gives the coins." },
};

#define SETTING_COUNT COUNT_OF(config_settings)
const size_t config_setting_count = SETTING_COUNT;

/* A value as it is gathered: from the environment first, a file over it. */
struct entry {
	const struct setting *setting;
	const struct provider_settings *provider; /* whose it is; NULL: everybody's */
	void *into; /* what its offset is in */
	const char *value; /* NULL: not given */
};

struct reading {
	struct arena *arena;
	const struct provider_settings *const *providers;
	struct entry *entries;
	size_t count;
	char *problem;
};

static bool refuse(struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool refuse(struct reading *reading, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reading->problem, 256, format, arguments);
	va_end(arguments);
	return false;
}

static void entries_add(struct reading *reading, const struct setting *rows, size_t count,
			const struct provider_settings *provider, void *into)
{
	for (size_t i = 0; i < count; i++)
		reading->entries[reading->count++] = (struct entry){
			.setting = &rows[i],
			.provider = provider,
			.into = into,
		};
}

static void entries_make(struct reading *reading, struct config *config)
{
	const struct provider_settings *const *each;
	size_t count = SETTING_COUNT;

	for (each = reading->providers; *each; each++)
		count += (*each)->count;
	reading->entries = arena_alloc(reading->arena, count * sizeof(struct entry));
	entries_add(reading, config_settings, SETTING_COUNT, NULL, config);
	for (each = reading->providers; *each; each++) {
		if ((*each)->kept)
			memset((*each)->kept, 0, (*each)->size);
		entries_add(reading, (*each)->rows, (*each)->count, *each, (*each)->kept);
	}
}

static struct entry *entry_find(const struct reading *reading, const char *name)
{
	for (size_t i = 0; i < reading->count; i++)
		if (strcmp(reading->entries[i].setting->name, name) == 0)
			return &reading->entries[i];
	return NULL;
}

static bool environment_read(struct reading *reading)
{
	/* A mistyped name would otherwise be a setting that silently stays at its default. */
	for (char **entry = environ; *entry; entry++) {
		if (strncmp(*entry, OUR_PREFIX, strlen(OUR_PREFIX)) != 0)
			continue;
		const char *name = arena_copy(reading->arena, *entry, strcspn(*entry, "="));
		if (!entry_find(reading, name))
			return refuse(
				reading,
				"The environment has %s, which is no setting; see --help-config.",
				name);
	}
	for (size_t i = 0; i < reading->count; i++) {
		const char *value = getenv(reading->entries[i].setting->name);
		if (value && *value)
			reading->entries[i].value = arena_text(reading->arena, value);
	}
	return true;
}

/* Cuts white space off both ends, in place. */
static char *text_trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Takes off quotes that surround the whole value, in place. */
static char *text_unquote(char *text)
{
	size_t length = strlen(text);

	if (length < 2 || (*text != '"' && *text != '\'') || text[length - 1] != *text)
		return text;
	text[length - 1] = '\0';
	return text + 1;
}

static bool line_read(struct reading *reading, const char *file, int number, char *line)
{
	char *name = text_trim(line);

	if (*name == '\0' || *name == '#')
		return true;
	char *value = strchr(name, '=');
	if (!value || value == name)
		return refuse(reading, "%s, line %d: not of the form NAME=value.", file, number);
	*value++ = '\0';
	name = text_trim(name);
	value = text_unquote(text_trim(value));
	struct entry *entry = entry_find(reading, name);
	if (!entry)
		return refuse(reading, "%s, line %d: %s is no setting; see --help-config.", file,
			      number, name);
	if (*value)
		entry->value = arena_text(reading->arena, value);
	return true;
}

static bool file_read(struct reading *reading, const char *file)
{
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	bool fine = true;

	if (!in)
		return refuse(reading, "%s cannot be read: %s.", file, strerror(errno));
	for (int number = 1; fine && getline(&line, &size, in) >= 0; number++)
		fine = line_read(reading, file, number, line);
	if (fine && ferror(in))
		fine = refuse(reading, "%s cannot be read: %s.", file, strerror(errno));
	/* The lines may have held secrets. */
	if (line)
		explicit_bzero(line, size);
	free(line);
	fclose(in);
	return fine;
}

static bool whole_store(struct reading *reading, const struct setting *setting, const char *value,
			int64_t *at)
{
	char *end;

	errno = 0;
	*at = strtoll(value, &end, 10);
	/* strtoll() alone would take leading white space and a plus. */
	if (!isdigit((unsigned char)*value) || *end || errno || *at < setting->min ||
	    *at > setting->max)
		return refuse(reading, "%s must be a whole number of %" PRId64 " to %" PRId64 ".",
			      setting->name, setting->min, setting->max);
	return true;
}

static const char *choices_join(struct arena *arena, const char *const *choices)
{
	const char *joined = choices[0];

	for (size_t i = 1; choices[i]; i++)
		joined = arena_printf(arena, "%s%s%s", joined, choices[i + 1] ? ", " : " or ",
				      choices[i]);
	return joined;
}

static bool choice_store(struct reading *reading, const struct setting *setting,
			 const char *const *choices, const char *value, int64_t *at)
{
	for (int64_t i = 0; choices[i]; i++) {
		if (strcmp(choices[i], value) == 0) {
			*at = i;
			return true;
		}
	}
	return refuse(reading, "%s must be %s.", setting->name,
		      choices_join(reading->arena, choices));
}

/* "none", and the names of all. */
static const char *const *provider_names(const struct reading *reading)
{
	size_t count = 0;

	while (reading->providers[count])
		count++;
	const char **names = arena_alloc(reading->arena, (count + 2) * sizeof(*names));
	names[0] = "none";
	for (size_t i = 0; i < count; i++)
		names[i + 1] = reading->providers[i]->name;
	return names;
}

static bool text_store(struct reading *reading, const struct setting *setting, const char *value,
		       bool production, const char **at)
{
	const char *wrong = setting->check ? setting->check(value, production) : NULL;

	if (wrong)
		return refuse(reading, "%s %s", setting->name, wrong);
	*at = value;
	return true;
}

static bool value_store(struct reading *reading, const struct entry *entry, const char *value,
			bool production)
{
	const struct setting *setting = entry->setting;
	void *at = (char *)entry->into + setting->offset;

	switch (setting->type) {
	case SETTING_TEXT:
		return text_store(reading, setting, value, production, at);
	case SETTING_WHOLE:
		return whole_store(reading, setting, value, at);
	case SETTING_CHOICE:
		return choice_store(reading, setting, setting->choices, value, at);
	case SETTING_PROVIDER:
		return choice_store(reading, setting, provider_names(reading), value, at);
	}
	return false;
}

static bool entry_store(struct reading *reading, const struct entry *entry, bool production)
{
	const struct setting *setting = entry->setting;
	const char *value = entry->value;
	bool has_standard = !(setting->flags & SETTING_NOT_PRODUCTION) || !production;

	if (!value && has_standard)
		value = setting->standard;
	if (!value && (setting->flags & SETTING_REQUIRED))
		return refuse(reading, "%s is not set; see --help-config.", setting->name);
	return !value || value_store(reading, entry, value, production);
}

/* The chosen provider must have the settings that it needs. */
static bool provider_has_all(struct reading *reading, const struct config *config)
{
	if (config->provider == 0)
		return true;
	const struct provider_settings *chosen = reading->providers[config->provider - 1];
	for (size_t i = 0; i < reading->count; i++) {
		const struct entry *entry = &reading->entries[i];

		if (entry->provider == chosen && entry->setting->flags & SETTING_NEEDED &&
		    !entry->value)
			return refuse(reading, "%s is not set, and PAYMENTS_PROVIDER %s needs it.",
				      entry->setting->name, chosen->name);
	}
	return true;
}

const struct config *config_read(struct arena *arena,
				 const struct provider_settings *const *providers, const char *file,
				 char problem[256])
{
	struct reading reading = { .arena = arena, .providers = providers, .problem = problem };
	struct config *config = arena_alloc(arena, sizeof(*config));

	entries_make(&reading, config);
	if (!environment_read(&reading) || (file && !file_read(&reading, file)))
		return NULL;
	for (size_t i = 0; i < reading.count; i++)
		if (!entry_store(&reading, &reading.entries[i], config->production))
			return NULL;
	return provider_has_all(&reading, config) ? config : NULL;
}
