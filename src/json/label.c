#include "json/label.h"

#include "base/encoding.h"
#include "base/unicode.h"

#include <stdbool.h>
#include <string.h>

#define KEY_CAP 0x20E3

/* What a character that takes no room would stand on. */
enum ground { NOTHING, SYMBOL, WORD, EMOJI };

struct reading {
	const char *next, *end;
	enum ground ground;
	uint32_t before; /* the character before; 0 at the start */
	bool shows;
};

static enum ground ground_of(uint32_t c)
{
	if (unicode_is_emoji(c))
		return EMOJI;
	if (unicode_is_alnum(c))
		return WORD;
	return unicode_is_visible(c) ? SYMBOL : NOTHING;
}

static bool word_goes_on(const struct reading *reading)
{
	size_t size;

	if (reading->next == reading->end)
		return false;

	uint32_t c = utf8_next(reading->next, &size);

	return unicode_is_alnum(c) || unicode_is_mark(c);
}

static bool emoji_goes_on(const struct reading *reading)
{
	size_t size;

	return reading->next < reading->end && unicode_is_emoji(utf8_next(reading->next, &size));
}

/* Behind a virama a joiner shapes the letter before, also where the word ends. */
static bool joins(const struct reading *reading)
{
	if (unicode_is_joiner(reading->before))
		return false;
	if (reading->ground == EMOJI)
		return emoji_goes_on(reading);
	return reading->ground == WORD &&
	       (word_goes_on(reading) || unicode_is_virama(reading->before));
}

/* The keys of a telephone become caps; other letters have one look, and a selector behind them hides there. */
static bool has_looks(const struct reading *reading)
{
	size_t size;
	bool is_key = reading->before < 0x80 && strchr("0123456789#*", (int)reading->before);

	if (reading->before < 0x80)
		return is_key && reading->next < reading->end &&
		       utf8_next(reading->next, &size) == KEY_CAP;
	return reading->ground != WORD || unicode_has_looks(reading->before);
}

/* May this character that takes no room stand here? */
static bool may_hide(const struct reading *reading, uint32_t c)
{
	if (unicode_is_joiner(c))
		return joins(reading);
	if (unicode_is_selector(c))
		return reading->ground != NOTHING && !unicode_is_selector(reading->before) &&
		       has_looks(reading);
	return unicode_is_flag_tag(c) && reading->ground == EMOJI;
}

static bool take(struct reading *reading)
{
	size_t size;
	uint32_t c = utf8_next(reading->next, &size);

	reading->next += size;
	if (unicode_is_hidden(c)) {
		if (!may_hide(reading, c))
			return false;
	} else if (!unicode_is_mark(c) && !(unicode_is_skin_tone(c) && reading->ground == EMOJI)) {
		reading->ground = ground_of(c);
		reading->shows = reading->shows || reading->ground != NOTHING;
	}
	reading->before = c;
	return true;
}

const char *label_problem(const char *text, size_t length)
{
	struct reading reading = { .next = text, .end = text + length };

	while (reading.next < reading.end)
		if (!take(&reading))
			return "must hold no invisible characters and none that turn the direction of writing";
	return reading.shows ? NULL : "must show at least one character";
}
