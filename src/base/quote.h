/* Texts as JSON writes them, for answers and for the log. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/buffer.h"

/*
 * Appends any bytes as a JSON string. Invalid UTF-8 and NUL become U+FFFD; what goes beyond about `most` bytes becomes
 * an ellipsis.
 */
void quote_json(struct buffer *out, const char *text, size_t length, size_t most);

#endif
