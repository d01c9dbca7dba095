/* /admin/audit and /admin/ledger: do the balances agree with the journal, and what is in it (contract section 9). */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema ledger_list_schema;
extern const struct view audit_view, ledger_list_view;

enum err admin_audit(struct request *rq);
enum err admin_ledger(struct request *rq);

#endif
