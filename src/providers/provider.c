#include "providers/provider.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ROW(name) &provider_##name,
const struct provider *const provider_rows[] = { EACH_PROVIDER(ROW) NULL };

#define SETTINGS(name) &provider_##name.settings,
const struct provider_settings *const provider_settings[] = { EACH_PROVIDER(SETTINGS) NULL };

const struct provider *provider_of(const struct config *config)
{
	return config->provider ? provider_rows[config->provider - 1] : NULL;
}

const char *provider_header(size_t index, const char **help)
{
	for (size_t i = 0; provider_rows[i]; i++) {
		const struct provider *row = provider_rows[i];

		if (!row->header || index-- > 0)
			continue;
		*help = row->header_help;
		return row->header;
	}
	return NULL;
}

bool receipt_pays(const struct receipt *receipt, int64_t cents)
{
	return receipt->state == RECEIPT_PAID && receipt->received.given &&
	       receipt->received.value == cents && receipt->currency &&
	       !strcasecmp(receipt->currency, "usd");
}

/* ---- what must not start ---- */

static const char *row_problem(const struct provider *row)
{
	bool every = row->header && row->header_help && row->is_signed && row->read_event &&
		     row->is_transaction;
	bool any = row->header || row->header_help || row->is_signed || row->read_event ||
		   row->is_transaction;

	if (!row->is_method || !row->create || !row->charge || !row->look_up || !row->find)
		return "leaves out what every provider does";
	if (row->untold ? any : !every)
		return "needs all that events take, or a reason why it sends none";
	return NULL;
}

static bool name_is_taken(const struct provider *const *rows, size_t index)
{
	if (!strcmp(rows[index]->settings.name, "none"))
		return true;
	for (size_t i = 0; i < index; i++)
		if (!strcmp(rows[i]->settings.name, rows[index]->settings.name))
			return true;
	return false;
}

const char *providers_check(const struct provider *const *rows, char problem[256])
{
	for (size_t i = 0; rows[i]; i++) {
		const char *name = rows[i]->settings.name;
		const char *what = !name		  ? "has no name" :
				   name_is_taken(rows, i) ? "has a name that is taken" :
							    row_problem(rows[i]);

		if (!what)
			continue;
		snprintf(problem, 256, "Payment provider %zu, %s, %s.", i + 1, name ? name : "?",
			 what);
		return problem;
	}
	return NULL;
}
