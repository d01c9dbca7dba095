#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t length)
{
	unsigned char *next = out;

	while (length > 0) {
		ssize_t got = getrandom(next, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		/* No secret may ever be made of anything else. */
		if (got <= 0)
			abort();
		next += got;
		length -= (size_t)got;
	}
}

uint32_t random_below(uint32_t bound)
{
	/* 2^32 mod bound: what lies below would make the small results likelier. */
	uint32_t uneven = (uint32_t)-bound % bound;
	uint32_t drawn;

	do {
		random_bytes(&drawn, sizeof(drawn));
	} while (drawn < uneven);
	return drawn % bound;
}
