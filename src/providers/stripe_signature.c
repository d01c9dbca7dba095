/* Is a message Stripe's? */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/comma.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "providers/stripe.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define MAC_HEX ((size_t)(2 * DIGEST_SIZE))
#define TOLERANCE_S 300

struct part {
	const char *text;
	size_t length;
};

/* "t=1492774577,v1=5257a8…,v1=…": the next part whose name this is, of what is left in *at; false at the end. */
static bool part_next(const char **at, const char *name, struct part *part)
{
	size_t width = strlen(name), length;
	const char *text;

	while ((text = comma_next(at, &length))) {
		if (length > width && !strncmp(text, name, width) && text[width] == '=') {
			*part = (struct part){ text + width + 1, length - width - 1 };
			return true;
		}
	}
	return false;
}

static bool time_fits(struct part time, int64_t now)
{
	int64_t seconds = 0;

	if (time.length > 12)
		return false;
	for (size_t i = 0; i < time.length; i++) {
		if (time.text[i] < '0' || time.text[i] > '9')
			return false;
		seconds = seconds * 10 + (time.text[i] - '0');
	}
	return llabs(now / CLOCK_SECOND - seconds) <= TOLERANCE_S;
}

/* The hex of the MAC over "<time>.<body>". */
static void mac_hex(const char *secret, struct part time, const char *body, size_t length,
		    char hex[MAC_HEX + 1])
{
	struct buffer signed_text = { 0 };
	uint8_t mac[DIGEST_SIZE];

	buffer_put(&signed_text, time.text, time.length);
	buffer_byte(&signed_text, '.');
	buffer_put(&signed_text, body, length);
	digest_hmac(secret, strlen(secret), signed_text.bytes, signed_text.length, mac);
	hex_encode(mac, sizeof mac, hex);
	buffer_free(&signed_text);
}

bool stripe_signed(const char *signature, const char *secret, const char *body, size_t length,
		   int64_t now)
{
	const char *at = signature;
	char hex[MAC_HEX + 1];
	struct part time, mac;
	bool equal = false;

	if (!part_next(&at, "t", &time) || !time_fits(time, now))
		return false;
	mac_hex(secret, time, body, length, hex);
	at = signature;
	while (!equal && part_next(&at, "v1", &mac))
		equal = mac.length == MAC_HEX && !CRYPTO_memcmp(mac.text, hex, MAC_HEX);
	return equal;
}
