#include "http/media.h"

#include "base/comma.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A stretch of the header. */
struct part {
	const char *text;
	size_t length;
};

static struct part trim(const char *text, size_t length)
{
	while (length > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		length--;
	}
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	return (struct part){ text, length };
}

static bool is(struct part part, const char *name)
{
	return part.length == strlen(name) && strncasecmp(part.text, name, part.length) == 0;
}

static bool is_json_type(struct part type)
{
	static const char tree[] = "application/", suffix[] = "+json";
	size_t before = sizeof(tree) - 1, after = sizeof(suffix) - 1;

	if (is(type, "application/json"))
		return true;
	return type.length > before + after && strncasecmp(type.text, tree, before) == 0 &&
	       strncasecmp(type.text + type.length - after, suffix, after) == 0;
}

/* Only a charset matters; what else a sender notes is its own business. */
static bool is_harmless(struct part parameter)
{
	const char *equals = memchr(parameter.text, '=', parameter.length);

	if (!equals)
		return true;

	struct part name = trim(parameter.text, (size_t)(equals - parameter.text));
	struct part value =
		trim(equals + 1, parameter.length - (size_t)(equals + 1 - parameter.text));

	return !is(name, "charset") || is(value, "utf-8") || is(value, "\"utf-8\"") ||
	       is(value, "utf8");
}

bool media_is_json(const char *content_type)
{
	if (!content_type)
		return false;

	size_t length = strcspn(content_type, ";");

	if (!is_json_type(trim(content_type, length)))
		return false;
	for (const char *at = content_type + length; *at; at += length) {
		at++;
		length = strcspn(at, ";");
		if (!is_harmless(trim(at, length)))
			return false;
	}
	return true;
}

bool media_is_plain(const char *content_encoding)
{
	const char *at;
	size_t length;

	while ((at = comma_next(&content_encoding, &length))) {
		struct part coding = trim(at, length);

		if (coding.length > 0 && !is(coding, "identity"))
			return false;
	}
	return true;
}
