/* How submissions are shown (contract section 5). */
#ifndef API_SUBMISSIONS_H
#define API_SUBMISSIONS_H

#include "http/request.h"
#include "json/view.h"

#include <bson/bson.h>

/* All but the task: some answers show its id, one the task itself. */
extern const struct view submission_members_view;

/* {success: true, message, submission}, to which members may be added. */
extern const struct view submission_done_view;
struct json *submission_respond(struct request *rq, const char *message, const bson_t *submission);

#endif
