#include "streams/frame.h"

#include "api/stream.h"
#include "http/render.h"
#include "market/missed.h"
#include "store/doc.h"
#include "json/json_out.h"

#include <string.h>

static void put_resume_point(struct buffer *out, int64_t now)
{
	buffer_text(out, "id: ");
	resume_point_write(out, now);
	buffer_byte(out, '\n');
}

void frame_begin(struct buffer *out, int retry_ms)
{
	buffer_printf(out, "retry: %d\n\n", retry_ms);
}

void frame_resume_point(struct buffer *out, int64_t now)
{
	put_resume_point(out, now);
	buffer_byte(out, '\n');
}

void frame_notification(struct buffer *out, const bson_t *notification)
{
	char hex[ID_HEX_LENGTH + 1];
	struct id id = doc_own_id(notification);
	struct json json;

	id_hex(&id, hex);
	buffer_printf(out, "id: %s\ndata: ", hex);
	json_start(&json, out);
	render(&json, NULL, &notification_view, notification, NULL);
	buffer_text(out, "\n\n");
}

void frame_reset(struct buffer *out, int64_t now)
{
	put_resume_point(out, now);
	buffer_text(out, "event: reset\n"
			 "data: {\"message\":\"Too much was missed: read the list again.\"}\n\n");
}

enum frame_id frame_id_read(const char *text, struct id *id, int64_t *when)
{
	if (!text)
		return FRAME_ID_NONE;
	if (id_parse(text, strlen(text), id))
		return FRAME_ID_NOTIFICATION;
	return resume_point_read(text, when) ? FRAME_ID_MOMENT : FRAME_ID_NONE;
}
