/* From threads to the loop: letters, opened there in the order in which they were posted. */
#ifndef STREAMS_MAIL_H
#define STREAMS_MAIL_H

/* The first member of what is posted. */
struct letter {
	struct letter *next; /* the mailbox's */
	void (*open)(struct letter *letter); /* in the loop; the letter is its own from then on */
	void (*discard)(struct letter *letter); /* the loop has ended: only releases it */
};

struct mailbox;

/* NULL with a logged reason. */
struct mailbox *mailbox_new(void);
/* Discards what was not opened. No thread may post any more. NULL is fine. */
void mailbox_free(struct mailbox *mailbox);

/* Becomes readable when there is something to open. */
int mailbox_fd(const struct mailbox *mailbox);
void mailbox_open_all(struct mailbox *mailbox);

/* From any thread. */
void mailbox_post(struct mailbox *mailbox, struct letter *letter);

#endif
