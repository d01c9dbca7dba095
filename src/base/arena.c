#include "base/arena.h"

#include "base/memory.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Room for a usual request, so that most are served without another malloc. */
#define FIRST_BLOCK ((size_t)16 * 1024)
#define NEXT_BLOCK ((size_t)64 * 1024)
/* Freed blocks of more than this go back to the system at once, rather than wait for another request as large. */
#define LARGE ((size_t)1024 * 1024)

struct block {
	struct block *previous;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
	struct deferred *previous;
	void (*release)(void *object);
	void *object;
};

struct arena {
	struct block *newest; /* the first block is at the end of the chain and stays */
	struct deferred *deferred;
};

static struct block *block_new(size_t size, struct block *previous)
{
	if (size > SIZE_MAX - sizeof(struct block))
		abort();
	struct block *block = malloc(sizeof(*block) + size);
	if (!block)
		abort();
	block->previous = previous;
	block->used = 0;
	block->size = size;
	return block;
}

struct arena *arena_new(void)
{
	struct arena *arena = memory_new(sizeof(*arena));

	arena->newest = block_new(FIRST_BLOCK, NULL);
	return arena;
}

static size_t size_aligned(size_t size)
{
	const size_t step = alignof(max_align_t);

	if (size > SIZE_MAX - step)
		abort();
	/* Nothing asked for still gets an address of its own. */
	return size == 0 ? step : (size + step - 1) / step * step;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t needed = size_aligned(size);

	if (needed > arena->newest->size - arena->newest->used)
		arena->newest = block_new(needed > NEXT_BLOCK ? needed : NEXT_BLOCK, arena->newest);
	struct block *block = arena->newest;
	void *memory = block->bytes + block->used;
	block->used += needed;
	return memset(memory, 0, needed);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	if (length == SIZE_MAX)
		abort();
	char *copy = arena_alloc(arena, length + 1);
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *printed = memory_printed(format, arguments);
	va_end(arguments);
	char *text = arena_text(arena, printed);
	free(printed);
	return text;
}

void *arena_grow(struct arena *arena, void *list, size_t count, size_t *room, size_t item_size)
{
	if (count < *room)
		return list;
	*room = *room * 2 + 16;
	void *grown = arena_alloc(arena, *room * item_size);
	if (count)
		memcpy(grown, list, count * item_size);
	return grown;
}

void arena_defer(struct arena *arena, void (*release)(void *object), void *object)
{
	struct deferred *entry = arena_alloc(arena, sizeof(*entry));

	entry->previous = arena->deferred;
	entry->release = release;
	entry->object = object;
	arena->deferred = entry;
}

static void deferred_run(struct arena *arena)
{
	/* Taken off before it runs: a release may itself defer or allocate. */
	while (arena->deferred) {
		struct deferred *entry = arena->deferred;
		arena->deferred = entry->previous;
		entry->release(entry->object);
	}
}

void arena_reset(struct arena *arena)
{
	size_t freed = 0;

	deferred_run(arena);
	while (arena->newest->previous) {
		struct block *block = arena->newest;
		arena->newest = block->previous;
		freed += block->size;
		free(block);
	}
	arena->newest->used = 0;
	if (freed > LARGE)
		malloc_trim(0);
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	arena_reset(arena);
	free(arena->newest);
	free(arena);
}
