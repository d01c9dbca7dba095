#include "json/text.h"

#include "base/encoding.h"
#include "base/unicode.h"

#include <string.h>
#include <strings.h>

static bool is_space(uint32_t c)
{
	size_t size;

	/* most characters, without a look at the list */
	if (c > ' ' && c < 0xA0)
		return false;
	for (const char *blank = TEXT_BLANKS; *blank; blank += size)
		if (utf8_next(blank, &size) == c)
			return true;
	return false;
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

/* Some editors and libraries begin a text with it. */
const char *text_skip_mark(const char *text, size_t *length)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	if (*length < sizeof(mark) || memcmp(text, mark, sizeof(mark)) != 0)
		return text;
	*length -= sizeof(mark);
	return text + sizeof(mark);
}

bool text_has(const char *text, size_t length, bool (*is)(uint32_t c))
{
	size_t size;

	for (size_t at = 0; at < length; at += size)
		if (is(utf8_next(text + at, &size)))
			return true;
	return false;
}

static bool is_refused_control(uint32_t c)
{
	return unicode_is_control(c) && c != '\t' && c != '\n' && c != '\r';
}

bool text_has_controls(const char *text, size_t length)
{
	return text_has(text, length, is_refused_control);
}

/* The host of what follows "//": without user, port, path, query and fragment. */
static size_t host_length(const char *text, size_t length)
{
	size_t size = 0, start = 0;

	for (; size < length && !strchr("/?#\\", text[size]); size++)
		if (text[size] == '@')
			start = size + 1;

	const char *port = memchr(text + start, ':', size - start);

	return port ? (size_t)(port - text) - start : size - start;
}

bool text_is_url(const char *text, size_t length)
{
	static const char *const schemes[] = { "http://", "https://" };

	if (text_has(text, length, is_space) || text_has(text, length, unicode_is_control))
		return false;
	for (size_t i = 0; i < 2; i++) {
		size_t prefix = strlen(schemes[i]);

		if (length > prefix && strncasecmp(text, schemes[i], prefix) == 0)
			return host_length(text + prefix, length - prefix) > 0;
	}
	return false;
}
