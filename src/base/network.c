#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { NETWORK_BYTES = 8, IPV4_AT = 12 };

const char *network_of(struct arena *arena, const char *address)
{
	struct in6_addr ip;
	char text[INET6_ADDRSTRLEN];

	if (!address || inet_pton(AF_INET6, address, &ip) != 1)
		return address ? address : "";
	if (IN6_IS_ADDR_V4MAPPED(&ip))
		return arena_text(arena,
				  inet_ntop(AF_INET, &ip.s6_addr[IPV4_AT], text, sizeof text));
	memset(&ip.s6_addr[NETWORK_BYTES], 0, sizeof ip.s6_addr - NETWORK_BYTES);
	return arena_printf(arena, "%s/64", inet_ntop(AF_INET6, &ip, text, sizeof text));
}
