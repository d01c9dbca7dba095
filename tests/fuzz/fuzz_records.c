/* FastCGI records: the verdict upon them does not hang on how they come, and what is whole adds up. */
#include "fuzz.h"
#include "server/records.h"

#include <string.h>

static enum records_state judge_by_byte(const uint8_t *data, size_t size)
{
	struct records records = { 0 };
	enum records_state state = RECORDS_PART;

	for (size_t i = 0; i < size && state != RECORDS_BROKEN; i++) {
		buffer_byte(&records.bytes, (char)data[i]);
		state = records_judge(&records);
	}
	records_reset(&records);
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct records records = { 0 };

	if (size == 0)
		return 0;
	buffer_put(&records.bytes, data, size);
	enum records_state state = records_judge(&records);
	promise(state == judge_by_byte(data, size));
	if (state == RECORDS_WHOLE) {
		promise(records.judged == size && records.pair_left == 0);
		promise(records.params <= RECORDS_PARAMS_MAX);
	}
	records_reset(&records);
	return 0;
}
