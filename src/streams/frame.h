/*
 * The bytes of server-sent events (the event stream format of the HTML standard).
 *
 * A reader that comes back sends the last id that it saw. So that it has one before its first notification, a stream
 * begins with a resume point: an id without an event, which stands for the moment.
 */
#ifndef STREAMS_FRAME_H
#define STREAMS_FRAME_H

#include "base/buffer.h"
#include "base/id.h"

#include <bson/bson.h>
#include <stdint.h>

/* A comment: keeps proxies from taking the stream for dead. */
#define FRAME_BEAT ": \n\n"

/* Begins a stream: tells the reader after how many milliseconds to come back when it ends. */
void frame_begin(struct buffer *out, int retry_ms);
/* A resume point: the reader is told everything since this moment. */
void frame_resume_point(struct buffer *out, int64_t now);

/* A notification, as the list shows it, under its id. */
void frame_notification(struct buffer *out, const bson_t *notification);

/* "Read the list again": too much was missed. Goes on from now. */
void frame_reset(struct buffer *out, int64_t now);

/* What a Last-Event-ID says. */
enum frame_id { FRAME_ID_NONE, FRAME_ID_NOTIFICATION, FRAME_ID_MOMENT };

/* Reads it into *id or, of a resume point, *when. NULL, empty and whatever we never sent are FRAME_ID_NONE. */
enum frame_id frame_id_read(const char *text, struct id *id, int64_t *when);

#endif
