/* Making a database ready: indexes, validators, and the mark that says it is adopted. */
#ifndef STORE_SETUP_H
#define STORE_SETUP_H

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

#include <stdio.h>

/* What the records are like; grows when a version needs them to be otherwise. */
#define SETUP_VERSION 1

/*
 * Makes what is missing and tells it to report, a line each. Changes nothing when all is there; may
 * run beside workers and beside itself. Building indexes on much data takes longer than a call's
 * answer: give the connection time. On any error a sentence stands in problem; ERR_NOT_CONFIGURED
 * when the server is no replica set, ERR_CONFLICT when the data is an older server's, not adopted
 * yet, or a newer version's.
 */
enum err setup_run(struct db *db, struct arena *arena, FILE *report, char problem[256]);

/* OK when the data is adopted; ERR_UNAVAILABLE when it is not, or the database is away. */
enum err setup_ready(struct db *db, struct arena *arena);

#endif
