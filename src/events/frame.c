#include "events/frame.h"

#include "market/notification_view.h"
#include "store/doc.h"
#include "store/render.h"
#include "json/json_out.h"

#include <string.h>

#define MARK "since-"
/* Enough for the milliseconds of the next 300,000 years, and far from an overflow. */
enum { MARK_DIGITS_MAX = 16 };

void frame_mark_id(struct buffer *out, int64_t now)
{
	buffer_text(out, MARK);
	buffer_int(out, now);
}

static void put_mark(struct buffer *out, int64_t now)
{
	buffer_text(out, "id: ");
	frame_mark_id(out, now);
	buffer_byte(out, '\n');
}

void frame_begin(struct buffer *out, int retry_ms)
{
	buffer_printf(out, "retry: %d\n\n", retry_ms);
}

void frame_mark(struct buffer *out, int64_t now)
{
	put_mark(out, now);
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
	put_mark(out, now);
	buffer_text(out, "event: reset\n"
			 "data: {\"message\":\"Too much was missed: read the list again.\"}\n\n");
}

enum frame_id frame_id_read(const char *text, struct id *id, int64_t *when)
{
	size_t prefix = strlen(MARK);

	if (!text)
		return FRAME_ID_NONE;
	if (id_parse(text, strlen(text), id))
		return FRAME_ID_NOTIFICATION;
	if (strncmp(text, MARK, prefix) != 0)
		return FRAME_ID_NONE;
	text += prefix;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > MARK_DIGITS_MAX || text[digits])
		return FRAME_ID_NONE;
	*when = 0;
	for (size_t i = 0; i < digits; i++)
		*when = *when * 10 + (text[i] - '0');
	return FRAME_ID_MARK;
}
