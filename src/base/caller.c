#include "base/caller.h"

#include "base/count.h"

#include <string.h>

static const struct {
	enum role role;
	const char *name;
} roles[] = {
	{ ROLE_WORKER, "worker" },
	{ ROLE_BUYER, "buyer" },
	{ ROLE_ADMIN, "admin" },
};

#define ROLE_COUNT COUNT_OF(roles)

const char *role_name(enum role role)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (roles[i].role == role)
			return roles[i].name;
	return NULL;
}

enum role role_of(const char *name)
{
	for (size_t i = 0; name && i < ROLE_COUNT; i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	return ROLE_NONE;
}
