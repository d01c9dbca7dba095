#include "store/touches.h"

#include "base/encoding.h"
#include "store/doc.h"

#include <string.h>

struct touch {
	uint64_t touched;
	size_t place;
	const struct txn *by; /* NULL: several, all at this place */
	bool moved; /* `by` has touched it at other places as well */
};

/* ---- which document ---- */

/* The types that ids of our collections have; any other may be an operator. */
static uint64_t number_of(const bson_iter_t *id)
{
	const uint8_t *bytes;
	uint32_t length;

	switch (bson_iter_type(id)) {
	case BSON_TYPE_OID:
		return hash_bytes(bson_iter_oid(id)->bytes, sizeof(bson_oid_t));
	case BSON_TYPE_UTF8:
		bytes = (const uint8_t *)bson_iter_utf8(id, &length);
		return hash_bytes(bytes, length);
	case BSON_TYPE_BINARY:
		bson_iter_binary(id, NULL, &length, &bytes);
		return hash_bytes(bytes, length);
	default:
		return 0;
	}
}

uint64_t touched_as(enum collection in, const bson_t *doc)
{
	bson_iter_t id;
	uint64_t number = bson_iter_init_find(&id, doc, "_id") ? number_of(&id) : 0;

	return number ? number + in : 0;
}

bool touched_by(const struct step *step, uint64_t *touched)
{
	*touched = 0;
	switch (step->kind) {
	case STEP_THEN:
		return true;
	case STEP_SAME:
		return false;
	case STEP_INSERT:
		*touched = touched_as(step->in, step->doc);
		return *touched || !bson_has_field(step->doc, "_id");
	default:
		*touched = touched_as(step->in, step->filter);
		return *touched != 0;
	}
}

/* ---- where ---- */

static struct touch *touch_of(struct touches *touches, uint64_t touched)
{
	for (size_t i = 0; i < touches->count; i++)
		if (touches->touched[i].touched == touched)
			return &touches->touched[i];
	return NULL;
}

bool touches_add(struct touches *touches, const struct txn *by, uint64_t touched, size_t place)
{
	struct touch *touch = touch_of(touches, touched);

	if (!touch && touches->count == TOUCHES_MOST)
		return false;
	if (!touch) {
		touches->touched = arena_grow(touches->arena, touches->touched, touches->count,
					      &touches->room, sizeof *touches->touched);
		touches->touched[touches->count++] =
			(struct touch){ .touched = touched, .place = place, .by = by };
		return true;
	}
	bool alone = touch->by == by;
	if (!alone && (touch->moved || touch->place != place))
		return false;
	touch->moved |= touch->place != place;
	touch->place = place;
	touch->by = alone ? by : NULL;
	return true;
}
