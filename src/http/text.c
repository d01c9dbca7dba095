#include "http/text.h"

#include "base/encoding.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* White space and line ends of ECMAScript, which is what the callers' own trim() takes away. */
static bool is_space(uint32_t c)
{
	if (c >= 0x2000 && c <= 0x200A)
		return true;
	switch (c) {
	case '\t':
	case '\n':
	case '\v':
	case '\f':
	case '\r':
	case ' ':
	case 0x00A0:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x202F:
	case 0x205F:
	case 0x3000:
	case 0xFEFF:
		return true;
	default:
		return false;
	}
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Where the last character of a text that is not empty begins. */
static size_t last_character(const char *text, size_t length)
{
	size_t at = length - 1;

	while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	return at;
}

const char *text_trim(const char *text, size_t *length)
{
	size_t size;

	while (*length > 0 && is_space(utf8_next(text, &size))) {
		text += size;
		*length -= size;
	}
	while (*length > 0) {
		size_t last = last_character(text, *length);

		if (!is_space(utf8_next(text + last, &size)))
			break;
		*length = last;
	}
	return text;
}

static bool is_unbroken(const char *text, size_t length)
{
	size_t size;

	for (size_t at = 0; at < length; at += size) {
		uint32_t c = utf8_next(text + at, &size);

		if (is_space(c) || is_control(c))
			return false;
	}
	return true;
}

bool text_is_email(const char *text, size_t length)
{
	const char *at = memchr(text, '@', length), *end = text + length;

	if (!at || at == text || !is_unbroken(text, length))
		return false;

	const char *domain = at + 1;
	size_t rest = (size_t)(end - domain);

	if (rest < 3 || memchr(domain, '@', rest) || domain[0] == '.' || end[-1] == '.')
		return false;
	return memchr(domain, '.', rest) != NULL;
}

/* The host of what follows "//": without user, port, path, query and fragment. */
static size_t host_length(const char *text, size_t length)
{
	size_t size = 0, start = 0;

	for (; size < length && !strchr("/?#\\", text[size]); size++) {
		if (text[size] == '@')
			start = size + 1;
	}

	const char *port = memchr(text + start, ':', size - start);

	return port ? (size_t)(port - text) - start : size - start;
}

bool text_is_url(const char *text, size_t length)
{
	static const char *const schemes[] = { "http://", "https://" };

	if (!is_unbroken(text, length))
		return false;
	for (size_t i = 0; i < 2; i++) {
		size_t prefix = strlen(schemes[i]);

		if (length > prefix && strncasecmp(text, schemes[i], prefix) == 0)
			return host_length(text + prefix, length - prefix) > 0;
	}
	return false;
}
