#include "ctl/tool.h"

#include "api/api.h"
#include "http/openapi.h"
#include "store/collections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *access_text(struct arena *arena, unsigned access)
{
	if (access & (ACCESS_PUBLIC | ACCESS_OPTIONAL))
		return "public";
	if (access == ACCESS_ANY)
		return "any";
	return arena_printf(arena, "%s%s%s%s", access & ACCESS_WORKER ? "worker" : "",
			    access & ACCESS_BUYER ? "buyer" : "",
			    access & ACCESS_BUYER && access & ACCESS_ADMIN ? "," : "",
			    access & ACCESS_ADMIN ? "admin" : "");
}

int command_routes(struct tool *tool)
{
	const struct routes routes = api_routes();

	for (size_t i = 0; i < routes.count; i++)
		printf("%s /api%s %s\n", method_name(routes.rows[i].method), routes.rows[i].path,
		       access_text(tool->arena, routes.rows[i].access));
	return EXIT_SUCCESS;
}

/* What becomes of a field when the person is removed. */
static const char *fate_text(const struct personal *person, const struct personal_field *field)
{
	static const char *const of_records[] = {
		[RECORD_GOES] = "goes with the record",
		[RECORD_IS_ACCOUNT] = "goes with the account",
		[RECORD_IS_ANSWER] = "shows what the records show then",
	};
	static const char *const of_fields[] = {
		[BECOMES_NAME] = "becomes `" DELETED_NAME "`",
		[BECOMES_EMAIL] = "becomes `" DELETED_EMAIL("<id>") "`",
		[BECOMES_EMPTY] = "becomes empty",
		[STAYS] = "stays, for the books",
	};

	return person->record == RECORD_STAYS ? of_fields[field->then] : of_records[person->record];
}

int command_personal_data(struct tool *tool)
{
	char problem[256];

	(void)tool;
	if (collections_check(collection_rows, problem))
		return tool_refuse(problem);
	printf("# Personal data\n\n"
	       "<!-- Printed by `make docs` from the table in src/store/collections.c: change that. -->\n\n"
	       "Which fields of the database hold somebody's data, in which field the id of that user stands, and what a\n"
	       "removal of the user does with them (`microtaskctl personal-data` prints this page). What users write into\n"
	       "tasks and submissions is content of the market, and stays.\n\n"
	       "| collection | field | whose | when the user is removed |\n| --- | --- | --- | --- |\n");
	for (int in = 0; in < COLLECTION_COUNT; in++) {
		const struct collection_row *row = &collection_rows[in];

		if (!row->people->whose)
			printf("| `%s` | nothing personal | | |\n", row->name);
		for (const struct personal *person = row->people; person->whose; person++)
			for (const struct personal_field *field = person->fields; field->name;
			     field++)
				printf("| `%s` | `%s` | `%s` | %s |\n", row->name, field->name,
				       person->whose, fate_text(person, field));
	}
	return EXIT_SUCCESS;
}

int command_openapi(struct tool *tool)
{
	struct openapi_about about = { .version = PACKAGE_VERSION };
	const struct routes routes = api_routes();
	struct buffer out = { 0 };

	if (tool->argc == 2 && !strcmp(tool->argv[0], "--server"))
		about.server = tool->argv[1];
	else if (tool->argc)
		return tool_refuse("openapi [--server ADDRESS]");
	if (about.server && strncmp(about.server, "https://", strlen("https://")) &&
	    strncmp(about.server, "http://", strlen("http://")))
		return tool_refuse("The server's address begins with https:// or http://.");
	openapi_write(&out, routes.rows, routes.count, &about);
	fwrite(out.bytes, 1, out.length, stdout);
	buffer_free(&out);
	return EXIT_SUCCESS;
}
