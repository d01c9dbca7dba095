/* Texts as callers send them: trimming, e-mail addresses, web addresses. Every text given here is valid UTF-8. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Skips white space at both ends of a text, as JavaScript's trim() does: returns the new beginning and sets the
 * length. */
const char *text_trim(const char *text, size_t *length);
/* The characters that it skips: white space and line ends as ECMAScript defines them. */
#define TEXT_BLANKS                                                                     \
	"\t\n\v\f\r \u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008" \
	"\u2009\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF"

/* Skips a byte order mark at the beginning, if there is one: returns the new beginning and sets the length. */
const char *text_skip_mark(const char *text, size_t *length);

/* Does it hold a character for which is() is true? */
bool text_has(const char *text, size_t length, bool (*is)(uint32_t c));
/* Does it hold control characters other than tab, line feed and carriage return? */
bool text_has_controls(const char *text, size_t length);

/* Has it the form of an e-mail address: one @ with a dot after it, no empty part between dots, no brackets, blanks or
 * invisible characters, in NFC? Whether mail arrives there is not checked. */
bool text_is_email(const char *text, size_t length);

/* Does it begin with http:// or https://, in any case, and a host, without white space or control characters? */
bool text_is_url(const char *text, size_t length);

#endif
