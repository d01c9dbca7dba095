#include "streams/mailbox.h"

#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
	int fd;
	struct queue posted;
};

struct mailbox *mailbox_new(void)
{
	struct mailbox *mailbox = memory_new(sizeof *mailbox);

	queue_init(&mailbox->posted);
	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->fd >= 0)
		return mailbox;
	log_line(LOG_ERROR, NULL, "No eventfd can be made: %s", strerror(errno));
	mailbox_free(mailbox);
	return NULL;
}

static void handle_all(struct mailbox *mailbox, bool over)
{
	for (struct queued *at = queue_take_all(&mailbox->posted), *next; at; at = next) {
		struct message *message = (struct message *)at;

		next = STAILQ_NEXT(at, next);
		message->handle(message, over);
	}
}

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	handle_all(mailbox, true);
	if (mailbox->fd >= 0)
		close(mailbox->fd);
	queue_destroy(&mailbox->posted);
	free(mailbox);
}

int mailbox_fd(const struct mailbox *mailbox)
{
	return mailbox->fd;
}

void mailbox_handle_all(struct mailbox *mailbox)
{
	uint64_t posted;

	/* before taking: what is posted after that wakes the loop once more */
	while (read(mailbox->fd, &posted, sizeof posted) < 0 && errno == EINTR)
		;
	handle_all(mailbox, false);
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
	const uint64_t one = 1;

	queue_push(&mailbox->posted, &message->queued);
	while (write(mailbox->fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}
