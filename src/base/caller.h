/* Who asks: roles as bits, so that a rule can name several, and the caller of a request. */
#ifndef BASE_CALLER_H
#define BASE_CALLER_H

#include "base/id.h"

#include <stdbool.h>
#include <stdint.h>

enum role { ROLE_NONE = 0, ROLE_WORKER = 1 << 0, ROLE_BUYER = 1 << 1, ROLE_ADMIN = 1 << 2 };

/* "worker", "buyer", "admin", NULL. */
extern const char *const role_names[];
/* One of these; NULL for anything else. */
const char *role_name(enum role role);
/* ROLE_NONE for an unknown name or NULL. */
enum role role_of(const char *name);

/*
 * The user behind a token as the database has them at the time of the request, never as the token
 * says. Texts live as long as the request's arena.
 */
struct caller {
	bool known; /* false: no token, or one ignored on a public route */
	struct id id;
	enum role role;
	const char *name, *email;
	/* As read, before this request: to tell, never to decide by. */
	int64_t coins, owed_coins;
	int64_t issued_at, expires_at; /* of the token in use: seconds since 1970 */
	const void *record; /* the user document (const bson_t *), read by those above base */
};

#endif
