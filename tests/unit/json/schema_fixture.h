/* One input of every type: each test feeds one field of it and looks at what was stored or refused. */
#ifndef TESTS_SCHEMA_FIXTURE_H
#define TESTS_SCHEMA_FIXTURE_H

#include "json/schema.h"

#include <check.h>

struct input {
	const char *text, *digits, *password, *email, *url, *choice;
	struct number whole, coins, money, page, date, delta;
	struct id_given id;
	struct id_list ids;
	bool truth;
	struct object_list parts;
};

/* What parts holds. */
struct part {
	const char *word;
	bool truth;
};

extern const struct schema input_schema;
extern const char *const input_colours[];

/* What the running test decoded last. */
extern struct arena *arena;
extern struct faults faults;
extern struct err_detail detail;
extern enum err err;

void schema_setup(void);
void schema_teardown(void);

const struct input *body(const char *text);
const struct input *query(const char *text);
/* {"name": value} */
const struct input *member(const char *name, const char *value);

/* Asserts that there was no fault. */
const struct input *taken(const struct input *input);
/* Asserts that there was just this one. */
void expect_fault(const char *field, enum err code);
void expect_text(const char *found, const char *wanted);
void expect_number(struct number found, int64_t wanted);

#endif
