/* What arrays hold: ids, objects of a schema of their own. */
#include "json/schema_private.h"

static bool is_array(const struct slot *slot, const char *unit)
{
	if (slot->given->kind != GIVEN_LIST)
		return slot_refuse(slot, ERR_INVALID_INPUT,
				   arena_printf(slot->arena, "must be an array of %s", unit));
	return slot_within(slot, slot->given->count) ||
	       slot_refuse_size(slot, "an array of ", unit);
}

bool slot_decode_ids(const struct slot *slot)
{
	size_t count = slot->given->count;
	struct id *ids = arena_alloc(slot->arena, count * sizeof(*ids));

	if (!is_array(slot, "ids"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!given_id(&slot->given->items[i], &ids[i]))
			return slot_refuse(slot, ERR_INVALID_ID,
					   "must hold ids of 24 hex digits only");
	*(struct id_list *)slot->at = (struct id_list){ ids, count };
	return true;
}

/* The item's faults under the names that its reader would look for: "keys[2].kid". */
static void tell_faults_of_item(const struct slot *slot, size_t index, const struct faults *faults)
{
	for (size_t i = 0; i < faults_told(faults); i++) {
		const char *prefix =
			arena_printf(slot->arena, "%s[%zu].", slot->field->name, index);

		fault_add(slot->faults,
			  arena_printf(slot->arena, "%s%s", prefix, faults->list[i].field),
			  faults->list[i].err,
			  arena_printf(slot->arena, "%s%s", prefix, faults->list[i].message));
	}
}

static bool decode_object(const struct slot *slot, size_t index, const void **object)
{
	const struct given *given = &slot->given->items[index];
	const struct schema *schema = slot->field->of;
	struct faults faults = { .count = 0 };

	if (given->kind != GIVEN_OBJECT)
		return slot_refuse(slot, ERR_INVALID_INPUT, "must hold objects only");
	*object = schema_fill(slot->arena, schema,
			      given_members(slot->arena, schema, given->object), &faults);
	tell_faults_of_item(slot, index, &faults);
	return faults.count == 0;
}

bool slot_decode_objects(const struct slot *slot)
{
	size_t count = slot->given->count;
	const void **objects = arena_alloc(slot->arena, count * sizeof(*objects));

	if (!is_array(slot, "objects"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!decode_object(slot, i, &objects[i]))
			return false;
	*(struct object_list *)slot->at = (struct object_list){ objects, count };
	return true;
}
