#include "json/schema.h"

#include "base/count.h"

void fault_add(struct faults *faults, const char *field, enum err err, const char *message)
{
	if (faults->count < COUNT_OF(faults->list))
		faults->list[faults->count] =
			(struct fault){ .field = field, .err = err, .message = message };
	faults->count++;
}

void fault_number(struct faults *faults, const char *name, int64_t number)
{
	if (faults->count == 0 || faults->count != faults_told(faults))
		return;
	faults->list[faults->count - 1].number_name = name;
	faults->list[faults->count - 1].number = number;
}

size_t faults_told(const struct faults *faults)
{
	size_t most = COUNT_OF(faults->list);

	return faults->count < most ? faults->count : most;
}

size_t schema_count(const struct schema *schema)
{
	return schema->count + (schema->base ? schema_count(schema->base) : 0);
}

const struct field *schema_field(const struct schema *schema, size_t index)
{
	size_t before = schema->base ? schema_count(schema->base) : 0;

	if (index < before)
		return schema_field(schema->base, index);
	return &schema->fields[index - before];
}
