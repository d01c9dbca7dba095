/*
 * The parameters of a request, as libfcgi reads them (fcgi.c). A reader belongs to one thread, and holds a descriptor.
 */
#ifndef SERVER_PARAMS_H
#define SERVER_PARAMS_H

#include "base/arena.h"
#include "server/records.h"

#include <stdbool.h>

struct params_reader;

/* To be called once, before any reader is made. false when libfcgi fails. */
bool params_library_start(void);

struct params_reader *params_reader_new(void);
/* NULL is fine. */
void params_reader_free(struct params_reader *reader);

/* The entries "NAME=value" of a whole request, and a NULL after them, all of the arena. NULL with a logged reason. */
char *const *params_read(struct params_reader *reader, const struct records *records,
			 struct arena *arena);

#endif
