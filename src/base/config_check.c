#include "base/config_check.h"

#include "base/comma.h"
#include "base/count.h"
#include "base/log.h"

#include <ctype.h>
#include <string.h>

#define SECRET_BYTES_MIN 32
/* A random secret has more different bytes than this, even one written in hex. */
#define SECRET_VARIETY_MIN 8

static const char *const web[] = { "https://", "http://" };

/* What follows the first of these beginnings that an address has; NULL: it has none. */
static const char *after_scheme(const char *value, const char *const *schemes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(value, schemes[i], strlen(schemes[i])) == 0)
			return value + strlen(schemes[i]);
	return NULL;
}

static bool is_word(const char *text)
{
	while (isgraph((unsigned char)*text))
		text++;
	return *text == '\0';
}

const char *config_check_mongodb_uri(const char *value, bool production)
{
	static const char *const schemes[] = { "mongodb://", "mongodb+srv://" };
	const char *host = after_scheme(value, schemes, COUNT_OF(schemes));

	(void)production;
	if (!host)
		return "must begin with mongodb:// or mongodb+srv://.";
	const char *path = host + strcspn(host, "/?");
	if (path == host)
		return "must name a host, as in mongodb://host:27017/database.";
	if (*path != '/' || strcspn(path + 1, "?") == 0)
		return "must name the database, as in mongodb://host:27017/database.";
	return NULL;
}

/* Is it a value as instructions show it, for people to copy? Letters of either case. */
static bool looks_like_example(const char *secret)
{
	static const char *const words[] = { "change",	     "example",	    "your",
					     "replace",	     "placeholder", "secret-secret",
					     "secretsecret", "supersecret" };
	bool seen[256] = { false };
	int variety = 0;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasestr(secret, words[i]))
			return true;
	for (const char *byte = secret; *byte; byte++) {
		variety += !seen[(unsigned char)*byte];
		seen[(unsigned char)*byte] = true;
	}
	return variety < SECRET_VARIETY_MIN;
}

const char *config_check_jwt_secret(const char *value, bool production)
{
	if (strlen(value) < SECRET_BYTES_MIN)
		return "must have at least 32 bytes.";
	if (production && looks_like_example(value))
		return "looks like an example's value; make one with: openssl rand -base64 48";
	return NULL;
}

/* Words between commas, none of them empty or with white space at an end, which would be a slip. */
static bool is_comma_list(const char *value)
{
	const char *word;
	size_t length;

	while ((word = comma_next(&value, &length)))
		if (length == 0 || isspace((unsigned char)word[0]) ||
		    isspace((unsigned char)word[length - 1]))
			return false;
	return true;
}

void config_warn_jwt_secret_previous(const char *value)
{
	size_t length;

	for (int place = 1; comma_next(&value, &length); place++)
		if (length < SECRET_BYTES_MIN)
			log_line(LOG_WARN, NULL,
				 "JWT_SECRET_PREVIOUS: secret %d has fewer than %d bytes; whoever "
				 "guesses it can be any user until it is taken out",
				 place, SECRET_BYTES_MIN);
}

/* Of any length: they are what they are, and verify what was signed with them. */
const char *config_check_jwt_secret_previous(const char *value, bool production)
{
	(void)production;
	return is_comma_list(value) ? NULL :
				      "must be secrets with nothing but a comma between them.";
}

const char *config_check_google_client_id(const char *value, bool production)
{
	(void)production;
	if (!is_word(value))
		return "must be words, as in 1234-abcd.apps.googleusercontent.com, with nothing but a "
		       "comma between them.";
	return is_comma_list(value) ? NULL : "must not have a comma without a word beside it.";
}

const char *config_check_service_url(const char *value, bool production)
{
	const char *host = after_scheme(value, web, production ? 1 : COUNT_OF(web));

	if (!host)
		return production ? "must begin with https://." :
				    "must begin with https:// or http://.";
	if (!is_word(host))
		return "must be an address without spaces.";
	return strcspn(host, "/?#:") == 0 ? "must name a host, as in https://host/path." : NULL;
}

static bool port_fits(const char *port, size_t length)
{
	long number = 0;

	for (size_t i = 0; i < length && i < 6; i++) {
		if (!isdigit((unsigned char)port[i]))
			return false;
		number = number * 10 + (port[i] - '0');
	}
	return length >= 1 && length <= 5 && number >= 1 && number <= 65535;
}

/* scheme://host[:port]. Only harmless characters: the text ends up in nginx's configuration. */
static bool origin_fits(const char *origin, size_t length)
{
	static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	const char *end = origin + length;
	size_t scheme = strspn(origin, name_characters);

	if (scheme == 0 || strncmp(origin + scheme, "://", 3) != 0)
		return false;
	const char *host = origin + scheme + 3;
	const char *after = host + strspn(host, name_characters);
	if (*host == '[') {
		after = host + 1 + strspn(host + 1, "0123456789abcdef:.");
		if (*after++ != ']')
			return false;
	}
	if (after == host || after > end)
		return false;
	return after == end || (*after == ':' && port_fits(after + 1, (size_t)(end - after) - 1));
}

const char *config_check_cors_origins(const char *value, bool production)
{
	const char *origin;
	size_t length;

	(void)production;
	while ((origin = comma_next(&value, &length)))
		if (!origin_fits(origin, length))
			return "must be origins in lower case, as in "
			       "https://a.example,http://localhost:3000, without spaces.";
	return NULL;
}

const char *config_check_secret_word(const char *value, bool production)
{
	(void)production;
	return is_word(value) ? NULL : "must be printable ASCII characters without spaces.";
}

const char *config_check_api_base(const char *value, bool production)
{
	const char *host = after_scheme(value, web, COUNT_OF(web));

	(void)production;
	if (!host || *host == '\0' || *host == '/' || strpbrk(host, "?#@") || !is_word(host))
		return "must be an http or https address, as in https://api.example.com.";
	return NULL;
}
