#include "http/request.h"

#include "base/encoding.h"
#include "http/route.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void request_reset(struct request *rq)
{
	struct request kept = {
		.arena = rq->arena,
		.app = rq->app,
		.db = rq->db,
		.out = rq->out,
		.headers = rq->headers,
	};

	arena_reset(kept.arena);
	buffer_reset(&kept.out);
	buffer_reset(&kept.headers);
	*rq = kept;
}

const char *request_id_new(struct arena *arena)
{
	unsigned char bytes[16];
	char *hex = arena_alloc(arena, 2 * sizeof(bytes) + 1);

	arc4random_buf(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), hex);
	return hex;
}

static struct json *start_answer(struct request *rq, int status)
{
	rq->status = status;
	buffer_reset(&rq->out);
	json_start(&rq->json, &rq->out);
	return &rq->json;
}

/* Is an entry "HTTP_ACCEPT_LANGUAGE=…" of the header "Accept-Language"? Its value, or NULL. */
static const char *header_value(const char *entry, const char *name)
{
	static const char prefix[] = "HTTP_";

	if (strncmp(entry, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	for (entry += sizeof(prefix) - 1; *name; entry++, name++) {
		if (*entry != (*name == '-' ? '_' : toupper((unsigned char)*name)))
			return NULL;
	}
	return *entry == '=' ? entry + 1 : NULL;
}

const char *request_header(const struct request *rq, const char *name)
{
	for (char *const *entry = rq->params; entry && *entry; entry++) {
		const char *value = header_value(*entry, name);

		if (value && *value)
			return value;
	}
	return NULL;
}

struct json *respond_status(struct request *rq, int status)
{
	json_object(start_answer(rq, status), NULL);
	return &rq->json;
}

struct json *respond(struct request *rq)
{
	return respond_status(rq, route_status(rq->route));
}

struct json *respond_array(struct request *rq)
{
	json_array(start_answer(rq, route_status(rq->route)), NULL);
	return &rq->json;
}

void respond_header(struct request *rq, const char *name, const char *value)
{
	buffer_printf(&rq->headers, "%s: %s\r\n", name, value);
}

enum err fail(struct request *rq, enum err err, const char *sentence)
{
	rq->detail.sentence = sentence;
	return err;
}

enum err fail_field(struct request *rq, const char *field, enum err err, const char *sentence)
{
	rq->detail.field = field;
	return fail(rq, err, sentence);
}

void request_etag(const char *body, size_t length, char out[REQUEST_ETAG_SIZE])
{
	snprintf(out, REQUEST_ETAG_SIZE, "W/\"%016" PRIx64 "\"", hash_long(body, length));
}

/* Past the "W/" that a weak comparison does not look at. */
static const char *opaque_tag(const char *tag)
{
	return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

bool request_etag_listed(const char *header, const char *etag)
{
	const char *wanted = opaque_tag(etag);
	size_t length = strlen(wanted);

	for (const char *at = header; *at;) {
		at += strspn(at, " \t,");
		if (*at == '*')
			return true;
		at = opaque_tag(at);

		const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
		if (!end)
			return false;
		end++;
		if ((size_t)(end - at) == length && memcmp(at, wanted, length) == 0)
			return true;
		at = end;
	}
	return false;
}
