/* E-mail addresses as they are compared. */
#ifndef BASE_EMAIL_H
#define BASE_EMAIL_H

#include "base/arena.h"

/*
 * What two addresses have in common exactly when they are the same: those that differ in the case of ASCII letters
 * alone. Nothing else is folded, as whoever gives out addresses need not fold it: the look-alike's owner would be
 * another. MongoDB's $toLower does the same.
 */
char *email_fold(struct arena *arena, const char *email);

#endif
