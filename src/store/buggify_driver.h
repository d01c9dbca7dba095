/* The functions of libmongoc that a buggify build replaces (base/buggify.h), and what can happen to them. */
#ifndef STORE_BUGGIFY_DRIVER_H
#define STORE_BUGGIFY_DRIVER_H

#include "base/buggify.h"

#include <mongoc/mongoc.h>

enum { READING = BUGGIFY_SLOW | BUGGIFY_FAIL, WRITING = READING | BUGGIFY_UNKNOWN };
enum { SITE_SIZE = 96 };

BUGGIFY_WRAPS(mongoc_init);
BUGGIFY_WRAPS(mongoc_client_command_simple);
BUGGIFY_WRAPS(mongoc_client_read_command_with_opts);
BUGGIFY_WRAPS(mongoc_client_write_command_with_opts);
BUGGIFY_WRAPS(mongoc_client_start_session);
BUGGIFY_WRAPS(mongoc_client_session_abort_transaction);
BUGGIFY_WRAPS(mongoc_client_session_commit_transaction);
BUGGIFY_WRAPS(mongoc_collection_aggregate);
BUGGIFY_WRAPS(mongoc_collection_find_with_opts);
BUGGIFY_WRAPS(mongoc_collection_insert_many);
BUGGIFY_WRAPS(mongoc_bulk_operation_execute);
BUGGIFY_WRAPS(mongoc_cursor_next);
BUGGIFY_WRAPS(mongoc_cursor_error);
BUGGIFY_WRAPS(mongoc_cursor_destroy);
BUGGIFY_WRAPS(mongoc_change_stream_next);
BUGGIFY_WRAPS(mongoc_change_stream_error_document);
BUGGIFY_WRAPS(mongoc_change_stream_destroy);

#endif
