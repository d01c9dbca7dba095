/* The table of settings, shared by reading it and printing it. */
#ifndef BASE_CONFIG_PRIVATE_H
#define BASE_CONFIG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_TEXT, /* const char * */
	SETTING_WHOLE, /* int64_t, min..max */
	SETTING_CHOICE, /* int64_t, the place in choices */
	SETTING_SWITCH, /* bool, the place in choices, of which there are two */
	SETTING_PACKAGES, /* struct packages */
};

enum setting_flag {
	SETTING_REQUIRED = 1 << 0,
	SETTING_SECRET = 1 << 1, /* its value is never shown */
	SETTING_NOT_PRODUCTION = 1 << 2, /* the default is for development only */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset; /* in struct config */
	const char *standard; /* the default, as text; NULL: none */
	unsigned flags;
	int64_t min, max;
	const char *const *choices; /* NULL-terminated */
	/* NULL when the value will do, else how the sentence goes on after the name. */
	const char *(*check)(const char *value, bool production);
	const char *sentence;
};

extern const struct setting config_settings[];
extern const size_t config_setting_count;

#endif
