/* Stripe's events: whatever is signed is read without a fault of ours, and texts are valid UTF-8. */
#include "base/encoding.h"
#include "fuzz.h"
#include "providers/provider.h"

#include <string.h>

static void check_text(const char *text)
{
	promise(!text || utf8_valid(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct provider_event event;

	if (provider_stripe.read_event(arena, (const char *)data, size, &event) == OK) {
		const char *const texts[] = { event.receipt.id,	      event.receipt.payment,
					      event.receipt.currency, event.back.transaction,
					      event.back.payment,     event.back.dispute,
					      event.back.status };

		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
			check_text(texts[i]);
	}
	arena_free(arena);
	return 0;
}
