/* A setting is a row of a table: of config.c's, or of a payment provider's own, so that nothing here knows a
 * provider. */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_TEXT, /* const char * */
	SETTING_WHOLE, /* int64_t, min..max */
	SETTING_CHOICE, /* int64_t, which of the choices, counted from 0 */
	SETTING_PROVIDER, /* int64_t, which of the providers, counted from 1; 0: "none" */
};

enum setting_flag {
	SETTING_REQUIRED = 1 << 0,
	SETTING_SECRET = 1 << 1, /* its value is never shown */
	SETTING_NOT_PRODUCTION = 1 << 2, /* the default is for development only */
	SETTING_NEEDED = 1 << 3, /* a provider's: required where that provider is chosen */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset; /* in struct config; a provider's: in its own struct */
	const char *standard; /* the default, as text; NULL: none */
	unsigned flags;
	int64_t min, max;
	const char *const *choices; /* NULL-terminated */
	const char *form; /* of a TEXT: what it looks like, in a word; may be NULL */
	/* NULL when the value will do, else the rest of a sentence that begins with the name. */
	const char *(*check)(const char *value, bool production);
	const char *sentence;
};

/* A payment provider's own settings. config_read() fills `kept`, whether the provider is chosen or not. */
struct provider_settings {
	const char *name; /* the value of PAYMENTS_PROVIDER that chooses it */
	const struct setting *rows;
	size_t count;
	void *kept; /* the provider's struct; its texts live as long as the configuration */
	size_t size; /* of that struct */
};

extern const struct setting config_settings[];
extern const size_t config_setting_count;

#endif
