#include "store/replica_set.h"

#include "store/doc.h"

#include <mongoc/mongoc.h>
#include <stdio.h>

#define ANSWER_MS 5000

/* A connection to this one server: until it is in a set, nothing could be found out about the others of it. */
static mongoc_client_t *connect_directly(const char *address, char problem[256])
{
	bson_error_t error;
	char text[256];

	snprintf(text, sizeof text, "mongodb://%s/?directConnection=true", address);
	mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &error);
	if (!uri) {
		snprintf(problem, 256, "%.250s", error.message);
		return NULL;
	}
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, ANSWER_MS);
	mongoc_client_t *client = mongoc_client_new_from_uri(uri);
	mongoc_uri_destroy(uri);
	return client;
}

static void initiate(mongoc_client_t *client, const char *name, const char *address)
{
	bson_t *command =
		BCON_NEW(SUB("replSetInitiate", TEXT("_id", name),
			     LIST("members", ITEM(INT("_id", 0), TEXT("host", address)))));

	/* whether it did is seen when it is asked again: somebody else may have been first */
	mongoc_client_command_simple(client, "admin", command, NULL, NULL, NULL);
	bson_destroy(command);
}

enum err replica_set_begin(const char *name, const char *address, char problem[256])
{
	bson_t hello = BSON_INITIALIZER, reply;
	bson_error_t error;

	mongoc_init();
	mongoc_client_t *client = connect_directly(address, problem);
	if (!client)
		return ERR_INVALID_INPUT;
	BSON_APPEND_INT32(&hello, "hello", 1);
	bool told = mongoc_client_command_simple(client, "admin", &hello, NULL, &reply, &error);
	bool writable = told && doc_bool(&reply, "isWritablePrimary", false);
	snprintf(problem, 256, "%.250s", told ? "It takes no writes yet." : error.message);
	if (told && doc_bool(&reply, "isreplicaset", false))
		initiate(client, name, address);
	bson_destroy(&reply);
	bson_destroy(&hello);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return writable ? OK : ERR_UNAVAILABLE;
}
