/* How many files and connections a process may have open. */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stdint.h>

/* Takes what the system grants (nothing here uses select()). Returns how many there may be; INT64_MAX: no limit. */
int64_t descriptors_raise(void);

#endif
