/* Names, titles and categories: texts by which people tell things apart at a glance. */
#ifndef JSON_LABEL_H
#define JSON_LABEL_H

#include <stddef.h>

/*
 * NULL when a text of valid UTF-8 shows something and hides nothing, else words that continue "The name ". Hidden are
 * overrides of direction and whatever takes no room, but for joiners inside a word or an emoji, and for what chooses
 * the look of the character before it.
 */
const char *label_problem(const char *text, size_t length);

#endif
