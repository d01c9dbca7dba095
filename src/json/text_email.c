/* What may be an e-mail address (contract section 3). */
#include "base/unicode.h"
#include "json/text.h"

#include <string.h>

/* What an address shows as nothing, as a blank or as a bracket: nobody could tell it from another, or where it ends. */
static bool is_barred(uint32_t c)
{
	if (unicode_is_hidden(c) || unicode_is_bracket(c) || c == '<' || c == '>')
		return true;
	return !unicode_is_visible(c) && !unicode_is_mark(c);
}

/* Parts between dots, none of them empty. */
static bool has_parts(const char *text, size_t length)
{
	if (length == 0 || text[0] == '.' || text[length - 1] == '.')
		return false;
	return !memmem(text, length, "..", 2);
}

bool text_is_email(const char *text, size_t length)
{
	const char *at = memchr(text, '@', length);

	if (!at)
		return false;
	size_t local = (size_t)(at - text), domain = length - local - 1;
	return has_parts(text, local) && has_parts(at + 1, domain) && memchr(at, '.', domain + 1) &&
	       !memchr(at + 1, '@', domain) && !text_has(text, length, is_barred) &&
	       unicode_is_nfc(text, length);
}
