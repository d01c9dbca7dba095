#include "ctl/tool.h"

#include "base/clock.h"
#include "base/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tool_refuse(const char *sentence)
{
	return program_refuse("microtaskctl", sentence);
}

int tool_refuse_err(enum err err)
{
	return err == OK ? EXIT_SUCCESS : tool_refuse(err_row(err)->sentence);
}

bool tool_read_count(const char *text, int64_t most, int64_t *count)
{
	char *end;

	errno = 0;
	*count = strtoll(text, &end, 10);
	return end != text && !*end && !errno && *count >= 1 && *count <= most;
}

struct call *tool_call(const struct tool *tool)
{
	struct call *call = arena_alloc(tool->arena, sizeof *call);

	*call = (struct call){
		.arena = tool->arena,
		.db = tool->db,
		.config = tool->config,
		.caller = arena_alloc(tool->arena, sizeof(struct caller)),
		.request_id = "microtaskctl",
		.now = clock_now(),
		.detail = arena_alloc(tool->arena, sizeof(struct err_detail)),
	};
	return call;
}

int tool_refuse_unadopted(enum err err)
{
	return tool_refuse(
		err == ERR_UNAVAILABLE ?
			"The data is not adopted, or MongoDB is away: run microtaskctl init-db first." :
			err_row(err)->sentence);
}

const void *tool_read_input(struct tool *tool, const struct schema *schema, struct json *json,
			    struct buffer *body)
{
	struct faults faults = { 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;

	json_finish(json);
	const void *input = schema_decode_body(tool->arena, schema, body->bytes, body->length,
					       &faults, &detail, &err);
	buffer_free(body);
	if (err != OK)
		tool_refuse(detail.sentence);
	for (size_t i = 0; i < faults_told(&faults); i++)
		tool_refuse(faults.list[i].message);
	return err == OK && faults.count == 0 ? input : NULL;
}
