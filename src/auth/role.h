/* Roles as bits, so that a rule can name several. */
#ifndef AUTH_ROLE_H
#define AUTH_ROLE_H

enum role { ROLE_NONE = 0, ROLE_WORKER = 1 << 0, ROLE_BUYER = 1 << 1, ROLE_ADMIN = 1 << 2 };

/* All names, NULL-terminated. */
extern const char *const role_names[];
/* One of these; NULL for anything else. */
const char *role_name(enum role role);
/* ROLE_NONE for an unknown name or NULL. */
enum role role_of(const char *name);

#endif
