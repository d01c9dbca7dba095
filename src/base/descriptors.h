/* How many files and connections a process may have open. */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stdint.h>

/* Raises the limit to the most that the system allows, which is safe as nothing here uses select(). Returns the limit;
 * INT64_MAX: there is none. */
int64_t descriptors_raise(void);

#endif
