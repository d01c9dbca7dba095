/* Calls of other services that are slow, fail or lose their answer; base/buggify.h says more. */
#include "base/buggify.h"

#include <curl/curl.h>

BUGGIFY_WRAPS(curl_easy_perform);

CURLcode __wrap_curl_easy_perform(CURL *curl)
{
	struct buggify buggify =
		buggify_begin("fetch", BUGGIFY_SLOW | BUGGIFY_FAIL | BUGGIFY_UNKNOWN);

	if (buggify.fault == BUGGIFY_FAIL)
		return CURLE_COULDNT_CONNECT;
	CURLcode code = __real_curl_easy_perform(curl);
	buggify_end(&buggify);
	return buggify.fault == BUGGIFY_UNKNOWN && code == CURLE_OK ? CURLE_RECV_ERROR : code;
}
