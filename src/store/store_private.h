/* What the files of this folder share and nobody else needs. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/store.h"

#include <mongoc/mongoc.h>
#include <pthread.h>

#define STORE_QUEUES 256
#define STORE_COUNTS 256

/* A total that took long to count, kept for a moment; see totals.c. */
struct kept_count {
	uint64_t key;
	int64_t value, counted_at; /* steady milliseconds */
	bool refreshing;
};

struct store {
	mongoc_client_pool_t *pool;
	char *database;
	pthread_mutex_t queues[STORE_QUEUES]; /* one a hot key; see commit.c */
	pthread_mutex_t counts_lock;
	struct kept_count counts[STORE_COUNTS];
};

struct db {
	struct store *store;
	mongoc_client_t *client;
	mongoc_client_session_t *session; /* for transactions; made when first needed */
};

/* Logs what the driver said and tells which error it is to a caller. */
enum err store_failed(const bson_error_t *error, const char *doing);

/* The driver's handle of a collection; the caller's to destroy. */
mongoc_collection_t *store_collection(struct db *db, enum collection in);

/* The first document of a find's reply, living as long as the reply; NULL when there is none. */
const bson_t *store_first(struct arena *arena, const bson_t *reply);

#endif
