/* A little HTTP server in a thread of its own, which answers every request as it is told to. One a test. */
#ifndef TESTS_HTTP_SERVER_H
#define TESTS_HTTP_SERVER_H

#include <stdbool.h>

/* Listens on a free port of 127.0.0.1; answers nothing but the end of the connection yet. */
void http_server_start(void);
void http_server_stop(void);

/* "http://127.0.0.1:<port>/keys" */
const char *http_server_url(void);

/* What is sent from now on, head and body; NULL: the connection is closed without a word. The text must last. */
void http_server_answer(const char *answer);
/* Answers nothing as long as it is held; at the end it is let go. */
void http_server_hold(bool held);
/* Requests so far. */
int http_server_count(void);

#endif
