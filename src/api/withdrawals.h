/* /withdrawals: asking for money and deciding about it (contract section 6). */
#ifndef API_WITHDRAWALS_H
#define API_WITHDRAWALS_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema withdrawal_schema, withdrawal_reject_schema;
extern const struct view withdrawal_made_view, withdrawal_list_view, pending_withdrawals_view,
	withdrawal_approved_view, withdrawal_rejected_view;

enum err withdrawals_create(struct request *rq);
enum err withdrawals_mine(struct request *rq);
enum err withdrawals_pending(struct request *rq);
enum err withdrawals_approve(struct request *rq);
enum err withdrawals_reject(struct request *rq);

#endif
