/*
 * When a user's tokens count (contract section 3). Two fields of the user say it, in seconds:
 *
 *   tokens_valid_after   tokens whose iat is at or before it are refused
 *   last_token_at        no token that was given out has a later iat
 *
 * Both are computed in the write, from what is stored then, and only grow. A token is given out after a write, with the
 * last_token_at that this write left as its iat:
 *
 *   begin:  last_token_at      := max(last_token_at, now, tokens_valid_after + 1)
 *   end:    tokens_valid_after := max(tokens_valid_after + 1, last_token_at, used, now), then as begin
 *
 * Writes of one user come one after the other. What was given out before an end has an iat of at most the last_token_at
 * that the end found, so it is refused from then on, and for good, as tokens_valid_after never falls. What is given out
 * after it works: its iat is tokens_valid_after + 1 at least. None of it asks for clocks that agree. The clock counts
 * only for tokens that others made with the same secret; their iat may have a fraction, so now is rounded up. Such a
 * clock may be ahead of ours: the token by which an end is asked for (`used`) ends, too, whatever its iat.
 */
#ifndef MARKET_TOKENS_H
#define MARKET_TOKENS_H

#include "base/arena.h"

#include <bson/bson.h>
#include <stdint.h>

/* Stages for an update of a user that sets the fields of set and lets a token be given out. now: milliseconds. */
const bson_t *tokens_begin(struct arena *arena, const bson_t *set, int64_t now);

/* The same, and every token so far ends, also one with the iat `used` (0: no token asked for the end). The field unset
 * is removed (NULL: none). A new token may be given out. */
const bson_t *tokens_end(struct arena *arena, const bson_t *set, const char *unset, int64_t used,
			 int64_t now);

#endif
