#include "providers/google_keys.h"

#include "auth/jwk.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/turn.h"
#include "providers/fetch.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct google_keys {
	const char *url;
	int64_t timeout_ms;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t fetched;
	struct jwk_set *set; /* NULL: none was fetched yet */
	int64_t good_until, old_at; /* of the set */
	int64_t next_try; /* nothing is fetched before */
	bool reached; /* the last try brought keys */
	bool fetching; /* a thread is fetching, without the lock */
};

struct google_keys *google_keys_new(const char *url, int64_t timeout_ms)
{
	struct google_keys *keys = memory_new(sizeof(*keys));

	pthread_mutex_init(&keys->lock, NULL);
	pthread_cond_init(&keys->fetched, NULL);
	keys->url = url;
	keys->timeout_ms = timeout_ms;
	keys->next_try = INT64_MIN;
	return keys;
}

void google_keys_free(struct google_keys *keys)
{
	if (!keys)
		return;
	jwk_set_free(keys->set);
	pthread_cond_destroy(&keys->fetched);
	pthread_mutex_destroy(&keys->lock);
	free(keys);
}

static int64_t good_for(int64_t max_age)
{
	if (max_age < 0)
		return GOOGLE_KEYS_GOOD_MS;
	if (max_age > GOOGLE_KEYS_GOOD_MAX_MS / CLOCK_SECOND)
		return GOOGLE_KEYS_GOOD_MAX_MS;
	int64_t ms = max_age * CLOCK_SECOND;
	return ms > GOOGLE_KEYS_GOOD_MIN_MS ? ms : GOOGLE_KEYS_GOOD_MIN_MS;
}

/* NULL and a logged reason when there are none to be had. */
static struct jwk_set *set_fetch(const struct google_keys *keys, int64_t *max_age)
{
	const struct fetch call = { .url = keys->url, .timeout_ms = keys->timeout_ms };
	struct arena *arena = arena_new();
	struct fetched fetched;
	struct jwk_set *set = NULL;
	enum err err = fetch(arena, &call, &fetched);

	if (err == OK && fetched.status == 200)
		set = jwk_set_read(arena, fetched.body, fetched.length);
	if (err == OK && !set)
		log_line(LOG_WARN, NULL, "%s answered %d without keys", keys->url, fetched.status);
	*max_age = fetched.max_age;
	arena_free(arena);
	return set;
}

/* With the lock, which is let go meanwhile. */
static void fetch_now(struct google_keys *keys, int64_t now)
{
	int64_t max_age;

	keys->fetching = true;
	keys->next_try = now + GOOGLE_KEYS_PAUSE_MS;
	pthread_mutex_unlock(&keys->lock);
	struct jwk_set *set = set_fetch(keys, &max_age);
	pthread_mutex_lock(&keys->lock);
	if (set) {
		jwk_set_free(keys->set);
		keys->set = set;
		keys->good_until = now + good_for(max_age);
		keys->old_at = now + GOOGLE_KEYS_OLD_MS;
	}
	keys->reached = set != NULL;
	keys->fetching = false;
	pthread_cond_broadcast(&keys->fetched);
}

static EVP_PKEY *known(const struct google_keys *keys, const char *kid, int64_t now)
{
	return keys->set && now < keys->old_at ? jwk_set_find(keys->set, kid) : NULL;
}

/* With the lock. NULL: there is none; *asked: and Google was asked. */
static EVP_PKEY *look(struct google_keys *keys, const char *kid, int64_t now, bool *asked)
{
	EVP_PKEY *key = known(keys, kid, now);

	*asked = false;
	if (key && (now < keys->good_until || keys->fetching))
		return key;
	/* it may be withdrawn by what comes */
	EVP_PKEY_free(key);
	while (keys->fetching)
		pthread_cond_wait(&keys->fetched, &keys->lock);
	if (now >= keys->next_try)
		fetch_now(keys, now);
	*asked = keys->reached;
	return known(keys, kid, now);
}

enum err google_keys_find(void *context, const char *kid, EVP_PKEY **key)
{
	struct google_keys *keys = context;
	bool asked;

	if (!turn_held(TURN_GOOGLE))
		return ERR_INTERNAL;
	pthread_mutex_lock(&keys->lock);
	*key = look(keys, kid, clock_steady(), &asked);
	pthread_mutex_unlock(&keys->lock);
	if (*key)
		return OK;
	return asked ? ERR_UNAUTHORIZED : ERR_UNAVAILABLE;
}
