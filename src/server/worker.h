/*
 * A worker has one request at a time, from its first byte to the answer's last. One thread uses it at a time, and none
 * while the request waits for a turn. The threads of pool.c call its functions.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "http/request.h"
#include "server/params.h"
#include "server/records.h"

#include <stdbool.h>

struct connection;
struct worker;

struct worker *worker_new(void);
void worker_free(struct worker *w);

struct request *worker_request(struct worker *w);

/* Reads what a readable connection has. Whole: a request that is to be answered. Part: more of it must come first. */
enum records_state worker_read(struct worker *w, struct params_reader *reader,
			       struct connection *connection);
/* Answers that the queue is full, without asking anybody anything. */
void worker_refuse(struct worker *w);
/* Sends the answer that stands in the request. false: the connection is of no more use. */
bool worker_send(struct worker *w, const struct connection *connection);
/* Forgets the request, whatever came of it. */
void worker_reset(struct worker *w);

#endif
