/*
 * Memory of one request: allocate freely, release all at once.
 *
 * Objects of libraries (bson, cursors, json trees, EVP contexts) are given to arena_defer() right where they are made,
 * so no later line has to clean up. An arena belongs to one thread at a time. Running out of memory ends the process: a
 * process that cannot allocate cannot answer either, and its supervisor starts a fresh one.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of length bytes. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);
char *arena_text(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Room for one more item in a list of the arena: the list itself while count < *room, else a copy of it with twice the
 * room. */
void *arena_grow(struct arena *arena, void *list, size_t count, size_t *room, size_t item_size);

/* Calls release(object) at the next reset or free, in reverse order of the calls. object may be NULL. */
void arena_defer(struct arena *arena, void (*release)(void *object), void *object);

/* Runs what was deferred and forgets all allocations; keeps a first block for the next request. */
void arena_reset(struct arena *arena);

/* Resets and releases the arena itself; NULL is fine. */
void arena_free(struct arena *arena);

#endif
