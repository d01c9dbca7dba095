/* /payments: buying coins (contract section 7). */
#ifndef API_PAYMENTS_H
#define API_PAYMENTS_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema package_schema, confirm_schema, purchase_schema;
extern const struct view packages_view, payment_made_view, payment_done_view, purchase_view,
	payment_list_view, received_view;
extern const enum err payment_errors[], dummy_errors[], purchase_errors[], confirm_errors[],
	webhook_errors[];

enum err payments_packages(struct request *rq);
enum err payments_history(struct request *rq);

enum err payments_create(struct request *rq);

enum err payments_confirm(struct request *rq);
enum err payments_pay_dummy(struct request *rq);
enum err payments_purchase(struct request *rq);

enum err payments_webhook(struct request *rq);

#endif
