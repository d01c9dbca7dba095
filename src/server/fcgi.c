#include "server/params.h"

#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * What libfcgi does here is to read parameters, no more. It would read whole requests from their connections and write
 * answers, too. But it trusts its peer and waits for it, so connections are read and checked before (records.h); and it
 * writes in pieces of 8 KiB and does not tell when one is cut short, so answers leave otherwise (output.h).
 *
 * It reads from a descriptor alone, so a file in memory gets a request's bytes: FCGX_Accept_r skips accepting where the
 * FCGX_Request has a descriptor. The file is the same for all requests of a thread, because making one costs more than
 * all else here. Should libfcgi think a request broken, it closes the file and would accept a connection; it is given
 * no listening socket, so that this fails at once.
 */
#define NO_SOCKET (-1)

struct params_reader {
	FCGX_Request fcgi;
	int file; /* below 0: none was made yet, or libfcgi has closed it */
};

bool params_library_start(void)
{
	return FCGX_Init() == 0;
}

struct params_reader *params_reader_new(void)
{
	struct params_reader *reader = memory_new(sizeof(*reader));

	reader->file = -1;
	FCGX_InitRequest(&reader->fcgi, NO_SOCKET, 0);
	return reader;
}

void params_reader_free(struct params_reader *reader)
{
	if (reader && reader->file >= 0)
		close(reader->file);
	free(reader);
}

/* Behind the parameters stands the header of what follows them: at that libfcgi would stop, were it to read on into
 * what an earlier request has left. */
static bool fill_file(struct params_reader *reader, const struct records *records)
{
	size_t length = records->params_end + RECORDS_HEADER_SIZE;

	if (reader->file < 0)
		reader->file = memfd_create("params", MFD_CLOEXEC);
	if (reader->file >= 0 &&
	    pwrite(reader->file, records->bytes.bytes, length, 0) == (ssize_t)length &&
	    lseek(reader->file, 0, SEEK_SET) == 0)
		return true;
	log_line(LOG_ERROR, NULL, "A request cannot be taken: %s", strerror(errno));
	return false;
}

/* Else libfcgi's would have to be kept until the answer, with three buffers for each request. */
static char *const *copy_entries(char *const *entries, struct arena *arena)
{
	size_t count = 0;

	while (entries[count])
		count++;
	char **copies = arena_alloc(arena, (count + 1) * sizeof(*copies));
	for (size_t i = 0; i < count; i++)
		copies[i] = arena_text(arena, entries[i]);
	return copies;
}

char *const *params_read(struct params_reader *reader, const struct records *records,
			 struct arena *arena)
{
	FCGX_Request *fcgi = &reader->fcgi;

	if (!fill_file(reader, records))
		return NULL;
	fcgi->ipcFd = reader->file;
	/* Or FCGX_Accept_r would take it for the last request's and close it. */
	fcgi->keepConnection = 1;
	/* Or a close would wait up to 2 s for the client to close first. */
	FCGX_Detach(fcgi);
	if (FCGX_Accept_r(fcgi) != 0) {
		log_line(LOG_ERROR, NULL, "A request cannot be taken: libfcgi thinks it broken");
		reader->file = -1;
		return NULL;
	}
	char *const *entries = copy_entries(fcgi->envp, arena);
	fcgi->ipcFd = -1;
	FCGX_Free(fcgi, 0);
	return entries;
}
