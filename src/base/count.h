#ifndef BASE_COUNT_H
#define BASE_COUNT_H

/* How many items an array has. */
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
