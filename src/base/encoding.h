/* Text encodings that several rooms need. All lengths are bytes. */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* base64url without padding (RFC 4648 section 5). */
char *base64url_encode(struct arena *arena, const void *bytes, size_t length);
/* Strict: no padding, no white space, canonical last bits. NULL when it is not that. NUL-terminated. */
uint8_t *base64url_decode(struct arena *arena, const char *text, size_t length, size_t *decoded);

/* Lower-case hex, NUL-terminated: 2 * length + 1 bytes are written. */
void hex_encode(const void *bytes, size_t length, char *out);

/* The value of a hexadecimal digit of either case; -1 when it is none. isxdigit() would ask the locale. */
int hex_digit(char digit);

/* The longest character, in bytes. */
#define UTF8_MAX 4
/* Is it valid UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF)? */
bool utf8_valid(const char *text, size_t length);
/* Unicode code points in valid UTF-8. */
size_t utf8_count(const char *text, size_t length);
/* Decodes one code point of valid UTF-8 and tells its length in bytes. */
uint32_t utf8_next(const char *text, size_t *length);
/* Appends the UTF-8 form; returns its length, 1 to 4. */
size_t utf8_encode(uint32_t code_point, char out[UTF8_MAX]);

/*
 * Decodes %xx once, and '+' as a space where plus_is_space (query strings). Returns NUL-terminated text, or NULL when
 * an escape is broken or when a NUL or invalid UTF-8 comes out.
 */
char *uri_decode(struct arena *arena, const char *text, size_t length, bool plus_is_space);

/* FNV-1a, 64 bits: for tags and stripes, never for security. */
uint64_t hash_bytes(const void *bytes, size_t length);
/* Another one, for what is long: it takes a fraction of the time. */
uint64_t hash_long(const void *bytes, size_t length);

#endif
