#include "providers/fetch.h"

#include "base/buffer.h"
#include "base/log.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a transfer collects. */
struct transfer {
	struct buffer body;
	int64_t max_age;
};

void fetch_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		abort();
	signal(SIGPIPE, SIG_IGN);
}

/* Taking fewer bytes than were given ends the transfer. */
static size_t body_take(char *bytes, size_t one, size_t length, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (transfer->body.length + length > FETCH_BODY_MAX)
		return 0;
	buffer_put(&transfer->body, bytes, length);
	return length;
}

/* libcurl gives whole header lines, without a NUL at their end. */
static size_t header_take(char *bytes, size_t one, size_t length, void *context)
{
	static const char name[] = "cache-control:", directive[] = "max-age=";
	struct transfer *transfer = context;
	char line[256];

	(void)one;
	if (length < sizeof line && length > sizeof name &&
	    !strncasecmp(bytes, name, sizeof name - 1)) {
		memcpy(line, bytes, length);
		line[length] = '\0';
		const char *age = strcasestr(line, directive);
		if (age)
			transfer->max_age = strtoll(age + sizeof directive - 1, NULL, 10);
	}
	return length;
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
		    struct transfer *transfer)
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
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
}

enum err fetch(struct arena *arena, const struct fetch *fetch, struct fetched *fetched)
{
	struct transfer transfer = { .max_age = -1 };
	CURL *curl = curl_easy_init();
	long status = 0, sent = 0;

	if (!curl)
		abort();
	struct curl_slist *headers = header_list(fetch->headers);
	prepare(curl, fetch, headers, &transfer);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	if (code != CURLE_OK)
		log_line(LOG_WARN, NULL, "calling %s: %s", fetch->url, curl_easy_strerror(code));
	*fetched = (struct fetched){
		.status = (int)status,
		.body = arena_copy(arena, transfer.body.bytes ? transfer.body.bytes : "",
				   transfer.body.length),
		.length = transfer.body.length,
		.max_age = transfer.max_age,
		.sent = sent > 0,
	};
	buffer_free(&transfer.body);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return code == CURLE_OK ? OK : ERR_UNAVAILABLE;
}
