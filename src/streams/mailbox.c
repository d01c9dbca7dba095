#include "streams/mailbox.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
	int fd;
	pthread_mutex_t lock;
	struct message *first, **end;
};

struct mailbox *mailbox_new(void)
{
	struct mailbox *mailbox = calloc(1, sizeof *mailbox);

	if (!mailbox)
		abort();
	mailbox->end = &mailbox->first;
	pthread_mutex_init(&mailbox->lock, NULL);
	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->fd >= 0)
		return mailbox;
	log_line(LOG_ERROR, NULL, "No eventfd can be made: %s", strerror(errno));
	mailbox_free(mailbox);
	return NULL;
}

static struct message *take_all(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	struct message *first = mailbox->first;
	mailbox->first = NULL;
	mailbox->end = &mailbox->first;
	pthread_mutex_unlock(&mailbox->lock);
	return first;
}

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	for (struct message *message = take_all(mailbox), *next; message; message = next) {
		next = message->next;
		message->discard(message);
	}
	if (mailbox->fd >= 0)
		close(mailbox->fd);
	pthread_mutex_destroy(&mailbox->lock);
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
	for (struct message *message = take_all(mailbox), *next; message; message = next) {
		next = message->next;
		message->handle(message);
	}
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
	const uint64_t one = 1;

	message->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	*mailbox->end = message;
	mailbox->end = &message->next;
	pthread_mutex_unlock(&mailbox->lock);
	while (write(mailbox->fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}
