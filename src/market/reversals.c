#include "market/reversals.h"

#include "base/count.h"
#include "store/doc.h"

#include <string.h>

static const char *const states[] = {
	[DISPUTE_OPEN] = "open",
	[DISPUTE_LOST] = "lost",
	[DISPUTE_WON] = "won",
};

/* ---- as documents ---- */

static enum dispute_state state_of(const char *text)
{
	for (size_t i = 0; text && i < COUNT_OF(states); i++)
		if (!strcmp(text, states[i]))
			return (enum dispute_state)i;
	return DISPUTE_OPEN;
}

void reversals_read(const bson_t *doc, struct reversals *reversals)
{
	bson_t list, one;
	bson_iter_t at;

	*reversals = (struct reversals){ .refunded = doc_whole(doc, "refunded_cents", 0) };
	if (!doc_part(doc, "disputes", &list) || !bson_iter_init(&at, &list))
		return;
	while (bson_iter_next(&at) && doc_part(&list, bson_iter_key(&at), &one)) {
		const char *id = doc_text(&one, "id");

		if (id && reversals->count < DISPUTES_MAX)
			reversals->disputes[reversals->count++] = (struct dispute){
				.id = id,
				.cents = doc_whole(&one, "cents", 0),
				.state = state_of(doc_text(&one, "state")),
				.told_at = doc_whole(&one, "told_at", 0),
			};
	}
}

bson_t *reversals_doc(struct arena *arena, const struct reversals *reversals)
{
	struct doc_array disputes = doc_array_new(arena);

	for (size_t i = 0; i < reversals->count; i++) {
		const struct dispute *dispute = &reversals->disputes[i];

		doc_array_doc(&disputes,
			      DOC(arena, TEXT("id", dispute->id), WHOLE("cents", dispute->cents),
				  TEXT("state", states[dispute->state]),
				  WHOLE("told_at", dispute->told_at)));
	}
	return DOC(arena, WHOLE("refunded_cents", reversals->refunded),
		   ARRAY("disputes", disputes.doc));
}

/* ---- joining ---- */

static struct dispute *dispute_find(struct reversals *reversals, const char *id)
{
	for (size_t i = 0; i < reversals->count; i++)
		if (!strcmp(reversals->disputes[i].id, id))
			return &reversals->disputes[i];
	return NULL;
}

/* That it was begun says nothing about one that is known. Of two verdicts the later one stands. */
static bool dispute_join(struct reversals *reversals, const struct dispute *more)
{
	struct dispute *known = dispute_find(reversals, more->id);

	if (!known) {
		if (reversals->count == DISPUTES_MAX)
			return false;
		reversals->disputes[reversals->count++] = *more;
		return true;
	}
	if (more->state == DISPUTE_OPEN || more->state == known->state ||
	    (known->state != DISPUTE_OPEN && more->told_at <= known->told_at))
		return false;
	known->state = more->state;
	known->told_at = more->told_at;
	return true;
}

bool reversals_join(struct reversals *reversals, const struct reversals *more)
{
	bool news = more->refunded > reversals->refunded;

	if (news)
		reversals->refunded = more->refunded;
	for (size_t i = 0; i < more->count; i++)
		news = dispute_join(reversals, &more->disputes[i]) || news;
	return news;
}

/* ---- what it means ---- */

static bool has(const struct reversals *reversals, enum dispute_state state)
{
	for (size_t i = 0; i < reversals->count; i++)
		if (reversals->disputes[i].state == state)
			return true;
	return false;
}

const char *reversals_name(const struct reversals *reversals)
{
	if (has(reversals, DISPUTE_LOST))
		return "charged_back";
	if (has(reversals, DISPUTE_OPEN))
		return "disputed";
	return reversals->refunded > 0 ? "refunded" : NULL;
}

/* Of all cents at most. */
static int64_t cents_back(const struct reversals *reversals, int64_t cents)
{
	int64_t left = cents - (reversals->refunded < cents ? reversals->refunded : cents);

	for (size_t i = 0; i < reversals->count; i++) {
		const struct dispute *dispute = &reversals->disputes[i];

		if (dispute->state != DISPUTE_WON && dispute->cents > 0)
			left -= dispute->cents < left ? dispute->cents : left;
	}
	return cents - left;
}

int64_t reversals_coins(const struct reversals *reversals, int64_t coins, int64_t cents)
{
	int64_t product, back = cents_back(reversals, cents);

	if (back >= cents)
		return reversals_name(reversals) ? coins : 0;
	if (__builtin_mul_overflow(coins, back, &product))
		return coins / cents * back;
	return product / cents;
}
