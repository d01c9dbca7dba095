/* From threads to the loop: messages, handled there in the order in which they were posted. */
#ifndef STREAMS_MAILBOX_H
#define STREAMS_MAILBOX_H

#include "server/queue.h"

/* The first member of what is posted. */
struct message {
	struct queued queued; /* first; the mailbox's, and before that the pool's */
	/* Called in the loop; it frees the message. over: the loop has ended, so that is all there is to do. */
	void (*handle)(struct message *message, bool over);
};

struct mailbox;

/* NULL with a logged reason. */
struct mailbox *mailbox_new(void);
/* Handles the rest as `over`. No thread may post any more. NULL is fine. */
void mailbox_free(struct mailbox *mailbox);

/* Becomes readable when there is something to handle. */
int mailbox_fd(const struct mailbox *mailbox);
void mailbox_handle_all(struct mailbox *mailbox);

/* From any thread. */
void mailbox_post(struct mailbox *mailbox, struct message *message);

#endif
