/* Values that may be absent. */
#ifndef BASE_OPTIONAL_H
#define BASE_OPTIONAL_H

#include "base/id.h"

#include <stdbool.h>
#include <stdint.h>

struct number {
	bool given;
	int64_t value;
};

struct id_given {
	bool given;
	struct id id;
};

#endif
