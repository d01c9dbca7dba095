#include "auth/role.h"

#include <stddef.h>
#include <string.h>

/* In the order of the bits. */
const char *const role_names[] = { "worker", "buyer", "admin", NULL };

const char *role_name(enum role role)
{
	for (int bit = 0; role_names[bit]; bit++)
		if (role == (enum role)(1 << bit))
			return role_names[bit];
	return NULL;
}

enum role role_of(const char *name)
{
	for (int bit = 0; name && role_names[bit]; bit++)
		if (strcmp(role_names[bit], name) == 0)
			return (enum role)(1 << bit);
	return ROLE_NONE;
}
