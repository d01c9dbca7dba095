/*
 * Rules for single settings that go beyond a range; config.c's table refers to them.
 *
 * Each returns NULL when the value will do, else the rest of a sentence that begins with the setting's name. It never
 * repeats the value, which may be secret.
 */
#ifndef BASE_CONFIG_CHECK_H
#define BASE_CONFIG_CHECK_H

#include <stdbool.h>

/* mongodb:// or mongodb+srv://, a host, and the name of a database. */
const char *config_check_mongodb_uri(const char *value, bool production);

/* At least 32 bytes; in production none of the values that examples and instructions show. */
const char *config_check_jwt_secret(const char *value, bool production);

/* Comma-separated. None may be empty: everybody knows the empty secret. */
const char *config_check_jwt_secret_previous(const char *value, bool production);
/* Logs a warning for each that is too short to sign with. value may be NULL. Call it at start. */
void config_warn_jwt_secret_previous(const char *value);

/* Comma-separated words without white space: a typing error would make every token be refused. */
const char *config_check_google_client_id(const char *value, bool production);

/* The address of another service: https, outside production http as well. */
const char *config_check_service_url(const char *value, bool production);

/* scheme://host[:port], comma-separated, of characters that are harmless in nginx's configuration. */
const char *config_check_cors_origins(const char *value, bool production);

/* Printable ASCII without spaces: it becomes part of a header line. */
const char *config_check_secret_word(const char *value, bool production);

/* http(s)://host[:port][/path], to which paths are added. */
const char *config_check_api_base(const char *value, bool production);

#endif
