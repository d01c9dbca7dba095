/* /notifications: a user's own notifications (contract section 8). */
#ifndef API_NOTIFICATIONS_H
#define API_NOTIFICATIONS_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema notification_list_schema;
extern const struct view unread_count_view, all_read_view;

enum err notifications_mine(struct request *rq);
enum err notifications_count(struct request *rq);
enum err notifications_mark_all(struct request *rq);
enum err notifications_mark(struct request *rq);
enum err notifications_archive(struct request *rq);

#endif
