/* What stands before the calls: what the service is, and what the words of its paths mean. */
#include "base/count.h"
#include "http/openapi_private.h"

#include <string.h>

static const char description[] =
	"A market of small paid tasks: buyers post tasks and pay in coins, workers hand in work and "
	"are paid when it is approved, admins keep the place in order.\n\n"
	"For every call holds: `null` means absent, unknown fields are ignored, texts are trimmed "
	"(passwords never), a number field also takes plain decimal text, a trailing slash is "
	"ignored, HEAD answers as GET does. Dates come as UTC with milliseconds and may be sent as an "
	"ISO 8601 date or date-time. GETs carry a weak ETag and honour If-None-Match. A later version "
	"may add members to its answers, and words to those of `x-extensible-enum`. `x-error-codes` "
	"lists with what a call can be refused.\n\n"
	"Get a token from `POST /auth/login` and send it as `Authorization: Bearer <token>`. Every "
	"answer names its request in `X-Request-Id`.";

/* What the first word of a path stands for. */
static const struct {
	const char *name, *about;
} tags[] = {
	{ "health", "Is it up, can it work?" },
	{ "auth", "Accounts, passwords and tokens" },
	{ "tasks", "What buyers want done" },
	{ "submissions", "What workers handed in, and its review" },
	{ "withdrawals", "Coins turned into money" },
	{ "payments", "Money turned into coins" },
	{ "notifications", "What happened, told to those it concerns" },
	{ "admin", "For those who keep the place in order" },
	{ "public", "For pages without a log-in; errors say success: false" },
};

static bool is_used(const char *tag, const struct route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *word = routes[i].path + 1;
		size_t length = strcspn(word, "/");

		if (strlen(tag) == length && memcmp(word, tag, length) == 0)
			return true;
	}
	return false;
}

static void write_tags(struct json *json, const struct route *routes, size_t count)
{
	json_array(json, "tags");
	for (size_t i = 0; i < COUNT_OF(tags); i++) {
		if (!is_used(tags[i].name, routes, count))
			continue;
		write_form(json, NULL, "{'name':'%s','description':'%s'}", tags[i].name,
			   tags[i].about);
	}
	json_end(json);
}

void write_head(struct json *json, const struct route *routes, size_t count,
		const struct openapi_about *about)
{
	json_text(json, "openapi", "3.1.0");
	write_form(json, "info",
		   "{'title':'microtask','summary':'The backend of a micro-task marketplace',"
		   "'version':'%s','description':'%s'}",
		   about->version, description);
	/* programs that read the document from a file take a relative address for one of their own */
	if (about->server)
		write_form(json, "servers", "[{'url':'%s'}]", about->server);
	else
		write_form(json, "servers",
			   "[{'url':'/api','description':'Where this document comes from'}]");
	write_tags(json, routes, count);
}
