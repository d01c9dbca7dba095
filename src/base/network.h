/* Addresses of clients, as they are counted. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/arena.h"

/*
 * Whose limits an address counts against: an IPv4 address by itself, also where it comes as IPv6 (::ffff:192.0.2.1);
 * of IPv6 its /64, which is the least that a provider gives to one customer. What is no address counts as it stands.
 * nginx does the same for RATE_LIMIT (conf/nginx.conf). NULL becomes "".
 */
const char *network_of(struct arena *arena, const char *address);

#endif
