/* Names, titles and categories: texts by which people tell things apart at a glance. */
#ifndef JSON_LABEL_H
#define JSON_LABEL_H

#include <stddef.h>

/*
 * NULL when the text, which is valid UTF-8, shows something and has no hidden characters; else the rest of a sentence
 * that begins with "The name ". Hidden are overrides of direction and characters without width. Allowed are joiners
 * inside a word or an emoji, and selectors that choose the glyph of the character before them.
 */
const char *label_problem(const char *text, size_t length);

#endif
