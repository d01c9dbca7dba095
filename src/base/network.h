/* Which addresses of clients share a limit. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/arena.h"

/*
 * The name under which limits count an address. An IPv4 address is counted alone, also when it is written as IPv6
 * (::ffff:192.0.2.1). An IPv6 address is counted with all of its /64, the smallest network that providers give to a
 * customer. Text that is no address is returned unchanged, and NULL becomes "". nginx does the same for RATE_LIMIT
 * (conf/nginx.conf).
 */
const char *network_of(struct arena *arena, const char *address);

#endif
