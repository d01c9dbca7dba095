#include "providers/fetch.h"

#include "base/buffer.h"
#include "base/log.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void fetch_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		abort();
	signal(SIGPIPE, SIG_IGN);
}

/* Taking fewer bytes than were given ends the transfer. */
static size_t body_take(char *bytes, size_t one, size_t length, void *context)
{
	struct buffer *body = context;

	(void)one;
	if (body->length + length > FETCH_BODY_MAX)
		return 0;
	buffer_put(body, bytes, length);
	return length;
}

/* In seconds; -1: the answer does not say. */
static int64_t max_age_of(CURL *curl)
{
	static const char directive[] = "max-age=";
	struct curl_header *header;
	int64_t age = -1;

	for (size_t i = 0; !curl_easy_header(curl, "Cache-Control", i, CURLH_HEADER, -1, &header);
	     i++) {
		const char *at = strcasestr(header->value, directive);

		if (at)
			age = strtoll(at + strlen(directive), NULL, 10);
	}
	return age;
}

static struct curl_slist *header_list(const char *const *headers)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; headers && headers[i]; i++) {
		struct curl_slist *longer = curl_slist_append(list, headers[i]);

		if (!longer)
			abort();
		list = longer;
	}
	return list;
}

static void prepare(CURL *curl, const struct fetch *fetch, struct curl_slist *headers,
		    struct buffer *body)
{
	curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
	/* signals would hit whichever thread is there */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	if (fetch->body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

enum err fetch(struct arena *arena, const struct fetch *fetch, struct fetched *fetched)
{
	struct buffer body = { 0 };
	CURL *curl = curl_easy_init();
	long status = 0, sent = 0;

	if (!curl)
		abort();
	struct curl_slist *headers = header_list(fetch->headers);
	prepare(curl, fetch, headers, &body);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	if (code != CURLE_OK)
		log_line(LOG_WARN, NULL, "calling %s: %s", fetch->url, curl_easy_strerror(code));
	*fetched = (struct fetched){
		.status = (int)status,
		.body = arena_copy(arena, body.bytes, body.length),
		.length = body.length,
		.max_age = max_age_of(curl),
		.sent = sent > 0,
	};
	buffer_free(&body);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return code == CURLE_OK ? OK : ERR_UNAVAILABLE;
}
