#include "json/label.h"

#include "base/encoding.h"
#include "base/unicode.h"

#include <stdbool.h>
#include <string.h>

#define KEY_CAP 0x20E3

/* What a character that takes no room would stand on. */
enum ground { NOTHING, SYMBOL, WORD, EMOJI };

struct label {
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

/* The next character; 0 at the end. */
static uint32_t following(const struct label *label)
{
	size_t size;

	return label->next < label->end ? utf8_next(label->next, &size) : 0;
}

/* After a virama a joiner shapes the letter before it, also where the word ends. */
static bool joins(const struct label *label)
{
	uint32_t c = following(label);

	if (unicode_is_joiner(label->before))
		return false;
	if (label->ground == EMOJI)
		return unicode_is_emoji(c);
	return label->ground == WORD &&
	       (unicode_is_alnum(c) || unicode_is_mark(c) || unicode_is_virama(label->before));
}

/* The characters of a telephone's keys become emoji; other letters have one look, and a selector after them changes
 * nothing. */
static bool takes_selector(const struct label *label)
{
	if (label->before < 0x80)
		return strchr("0123456789#*", (int)label->before) && following(label) == KEY_CAP;
	return label->ground != WORD || unicode_takes_selector(label->before);
}

/* May this character that takes no room stand here? */
static bool may_hide(const struct label *label, uint32_t c)
{
	if (unicode_is_joiner(c))
		return joins(label);
	if (unicode_is_selector(c))
		return label->ground != NOTHING && !unicode_is_selector(label->before) &&
		       takes_selector(label);
	return unicode_is_flag_tag(c) && label->ground == EMOJI;
}

static bool take(struct label *label)
{
	size_t size;
	uint32_t c = utf8_next(label->next, &size);

	label->next += size;
	if (unicode_is_hidden(c)) {
		if (!may_hide(label, c))
			return false;
	} else if (!unicode_is_mark(c) && !(unicode_is_skin_tone(c) && label->ground == EMOJI)) {
		label->ground = ground_of(c);
		label->shows = label->shows || label->ground != NOTHING;
	}
	label->before = c;
	return true;
}

const char *label_problem(const char *text, size_t length)
{
	struct label label = { .next = text, .end = text + length };

	while (label.next < label.end)
		if (!take(&label))
			return "must hold no invisible characters and none that turn the direction of writing";
	return label.shows ? NULL : "must show at least one character";
}
