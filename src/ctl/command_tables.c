#include "ctl/tool.h"

#include "api/api.h"
#include "http/openapi.h"

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
	for (size_t i = 0; i < api_route_count; i++)
		printf("%s /api%s %s\n", method_name(api_routes[i].method), api_routes[i].path,
		       access_text(tool->arena, api_routes[i].access));
	return EXIT_SUCCESS;
}

int command_openapi(struct tool *tool)
{
	struct openapi_about about = { .version = PACKAGE_VERSION };
	struct buffer out = { 0 };

	if (tool->argc == 2 && !strcmp(tool->argv[0], "--server"))
		about.server = tool->argv[1];
	else if (tool->argc)
		return tool_refuse("openapi [--server ADDRESS]");
	if (about.server && strncmp(about.server, "https://", strlen("https://")) &&
	    strncmp(about.server, "http://", strlen("http://")))
		return tool_refuse("The server's address begins with https:// or http://.");
	openapi_write(&out, api_routes, api_route_count, &about);
	fwrite(out.bytes, 1, out.length, stdout);
	buffer_free(&out);
	return EXIT_SUCCESS;
}
