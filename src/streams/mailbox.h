/* From threads to the loop: messages, handled there in the order in which they were posted. */
#ifndef STREAMS_MAILBOX_H
#define STREAMS_MAILBOX_H

#include "server/queue.h"

/* The first member of what is posted. */
struct message {
	struct queued queued; /* first; the mailbox's, and before that the pool's */
	void (*handle)(struct message *message); /* in the loop; it is the handler's to free */
	void (*discard)(struct message *message); /* the loop has ended: frees it, and no more */
};

struct mailbox;

/* NULL with a logged reason. */
struct mailbox *mailbox_new(void);
/* Discards what was not handled. No thread may post any more. NULL is fine. */
void mailbox_free(struct mailbox *mailbox);

/* Becomes readable when there is something to handle. */
int mailbox_fd(const struct mailbox *mailbox);
void mailbox_handle_all(struct mailbox *mailbox);

/* From any thread. */
void mailbox_post(struct mailbox *mailbox, struct message *message);

#endif
