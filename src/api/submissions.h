/* /submissions: handing in and reviewing work (contract section 5). */
#ifndef API_SUBMISSIONS_H
#define API_SUBMISSIONS_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema submission_schema, reject_schema, status_schema, review_schema;
extern const struct view submission_made_view, submission_list_view, approved_list_view,
	submission_answer_view, approved_view, rejected_view, review_view;

enum err submissions_create(struct request *rq);
enum err submissions_mine(struct request *rq);
enum err submissions_approved(struct request *rq);
enum err submissions_to_review(struct request *rq);
enum err submissions_of_task(struct request *rq);
enum err submissions_get(struct request *rq);
enum err submissions_all(struct request *rq);
enum err submissions_approve(struct request *rq);
enum err submissions_decide(struct request *rq);
enum err submissions_review_many(struct request *rq);

#endif
