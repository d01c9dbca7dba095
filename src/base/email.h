/* E-mail addresses as they are compared. */
#ifndef BASE_EMAIL_H
#define BASE_EMAIL_H

#include "base/arena.h"

/*
 * A text that is equal for two addresses exactly when we take them for the same: when they differ only in the case of
 * ASCII letters. Nothing else is folded, because mail servers need not fold it: an address that merely looks alike may
 * belong to somebody else. MongoDB's $toLower does the same.
 */
char *email_fold(struct arena *arena, const char *email);

#endif
