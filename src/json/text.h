/* What callers write as text: white space around it, e-mail addresses, web addresses. All valid UTF-8. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Narrows a text to what stands between the white space at its ends, as JavaScript's trim() does. */
const char *text_trim(const char *text, size_t *length);
/* What it takes away: white space and line ends of ECMAScript, as the callers' own trim() does. */
#define TEXT_BLANKS                                                                     \
	"\t\n\v\f\r \u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008" \
	"\u2009\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF"

/* Where a text begins behind its byte order mark, if it has one, with its length. */
const char *text_skip_mark(const char *text, size_t *length);

/* Does it hold control characters other than tab, line feed and carriage return? */
bool text_has_controls(const char *text, size_t length);

/* One @, a dot after it, nothing missing between dots; no brackets, blanks or invisible characters; in NFC. Whether mail
 * arrives there is nobody's business here. */
bool text_is_email(const char *text, size_t length);

/* http:// or https:// in any case, and a host; no white space or control characters. */
bool text_is_url(const char *text, size_t length);

#endif
