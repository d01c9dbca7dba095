/* The table of settings, printed for a terminal and as a page. */
#include "base/config.h"
#include "base/setting.h"

#include <inttypes.h>

/* What settings are printed from, and to. */
struct help {
	const struct provider_settings *const *providers;
	FILE *out;
};

/* Those of everybody, then the providers'. */
static void each_setting(const struct help *help,
			 void (*print)(const struct setting *setting, const struct help *help))
{
	for (size_t i = 0; i < config_setting_count; i++)
		print(&config_settings[i], help);
	for (size_t p = 0; help->providers[p]; p++)
		for (size_t i = 0; i < help->providers[p]->count; i++)
			print(&help->providers[p]->rows[i], help);
}

static void range_print(const struct setting *setting, const struct help *help)
{
	FILE *out = help->out;

	switch (setting->type) {
	case SETTING_TEXT:
		if (setting->form)
			fputs(setting->form, out);
		else
			fputs(setting->flags & SETTING_SECRET ? "secret text" : "text", out);
		break;
	case SETTING_WHOLE:
		fprintf(out, "%" PRId64 " to %" PRId64, setting->min, setting->max);
		break;
	case SETTING_CHOICE:
		for (size_t i = 0; setting->choices[i]; i++)
			fprintf(out, "%s%s", i > 0 ? ", " : "", setting->choices[i]);
		break;
	case SETTING_PROVIDER:
		fputs("none", out);
		for (size_t i = 0; help->providers[i]; i++)
			fprintf(out, ", %s", help->providers[i]->name);
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

static void help_print(const struct setting *setting, const struct help *help)
{
	fprintf(help->out, "\n%s\n    %s\n    ", setting->name, setting->sentence);
	range_print(setting, help);
	standard_print(setting, help->out);
}

void config_print_help(const struct provider_settings *const *providers, FILE *out)
{
	fputs("Settings come from the environment, or from a file of NAME=value lines (-c), which wins.\n",
	      out);
	each_setting(&(struct help){ providers, out }, help_print);
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

static void row_print(const struct setting *setting, const struct help *help)
{
	FILE *out = help->out;

	fprintf(out, "| `%s` | ", setting->name);
	standard_cell_print(setting, out);
	fputs(" | ", out);
	range_print(setting, help);
	fputs(" | ", out);
	cell_print(setting->sentence, out);
	fputs(" |\n", out);
}

void config_print_markdown(const struct provider_settings *const *providers, FILE *out)
{
	fputs(page_head, out);
	each_setting(&(struct help){ providers, out }, row_print);
}
