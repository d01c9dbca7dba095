/* The table of settings, printed for a terminal and as a page. */
#include "base/config.h"
#include "base/config_private.h"

#include <inttypes.h>

static void range_print(const struct setting *setting, FILE *out)
{
	switch (setting->type) {
	case SETTING_TEXT:
		fputs(setting->flags & SETTING_SECRET ? "secret text" : "text", out);
		break;
	case SETTING_WHOLE:
		fprintf(out, "%" PRId64 " to %" PRId64, setting->min, setting->max);
		break;
	case SETTING_CHOICE:
	case SETTING_SWITCH:
		for (size_t i = 0; setting->choices[i]; i++)
			fprintf(out, "%s%s", i > 0 ? ", " : "", setting->choices[i]);
		break;
	case SETTING_PACKAGES:
		fputs("coins:dollars,…", out);
		break;
	}
}

/* ---- for a terminal ---- */

static void standard_print(const struct setting *setting, FILE *out)
{
	const char *absent = setting->flags & SETTING_REQUIRED ? "required" : "default none";

	if (!setting->standard)
		fprintf(out, "; %s\n", absent);
	else if (setting->flags & SETTING_NOT_PRODUCTION)
		fprintf(out, "; %s in production, else %s\n", absent, setting->standard);
	else
		fprintf(out, "; default %s\n", setting->standard);
}

void config_print_help(FILE *out)
{
	fputs("Settings come from the environment, or from a file of NAME=value lines (-c), which wins.\n",
	      out);
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *setting = &config_settings[i];

		fprintf(out, "\n%s\n    %s\n    ", setting->name, setting->sentence);
		range_print(setting, out);
		standard_print(setting, out);
	}
}

/* ---- as a page ---- */

static const char page_head[] =
	"# Configuration\n"
	"\n"
	"<!-- Printed by `make docs` from the table in src/base/config.c: change that. -->\n"
	"\n"
	"Settings come from the environment, or from a file that `microtaskd -c FILE` and\n"
	"`microtaskctl -c FILE` read over it. The file has lines `NAME=value`; blank lines and lines\n"
	"that begin with `#` are passed over, and quotes around a whole value are taken off. An empty\n"
	"value counts as not given.\n"
	"\n"
	"What is wrong is told in one sentence before anything starts: a value out of its range, a\n"
	"required one that is missing, a name in the file that is no setting, a name in the\n"
	"environment that begins with `MICROTASK_` and is none. `microtaskd --check-config` tells it\n"
	"without starting; `microtaskd --help-config` prints this table for a terminal.\n"
	"\n"
	"`scripts/run` passes its environment on and fills in what is missing: it runs as\n"
	"development, where it sets `RATE_LIMIT` and `REGISTER_LIMIT` to 0, and makes a `JWT_SECRET`\n"
	"that stays with its state.\n"
	"\n"
	"| setting | default | values | what it is |\n"
	"| --- | --- | --- | --- |\n";

/* A bar would end the cell. */
static void cell_print(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void standard_cell_print(const struct setting *setting, FILE *out)
{
	if (!setting->standard || setting->flags & SETTING_NOT_PRODUCTION)
		fputs(setting->flags & SETTING_REQUIRED ? "required" : "none", out);
	if (!setting->standard)
		return;
	fputs(setting->flags & SETTING_NOT_PRODUCTION ? "; in development `" : "`", out);
	cell_print(setting->standard, out);
	fputc('`', out);
}

void config_print_markdown(FILE *out)
{
	fputs(page_head, out);
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *setting = &config_settings[i];

		fprintf(out, "| `%s` | ", setting->name);
		standard_cell_print(setting, out);
		fputs(" | ", out);
		range_print(setting, out);
		fputs(" | ", out);
		cell_print(setting->sentence, out);
		fputs(" |\n", out);
	}
}
