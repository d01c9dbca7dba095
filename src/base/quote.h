/* Texts as JSON writes them, for answers and for the log. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/buffer.h"

/*
 * Appends any bytes as a JSON string: each that begins no UTF-8, and each NUL, becomes U+FFFD. What goes beyond `most`
 * bytes, which need not be exact, is left out, and an ellipsis says so.
 */
void quote_json(struct buffer *out, const char *text, size_t length, size_t most);

#endif
