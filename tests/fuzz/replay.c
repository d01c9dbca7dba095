/*
 * Feeds a target the files it was once found wrong or interesting with: those named as arguments, else all of
 * $FUZZ_CORPUS/<name>, where the program is called fuzz_<name>.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(FILE_MAX);
	size_t size;

	if (!file || !bytes) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size = fread(bytes, 1, FILE_MAX, file);
	fclose(file);

	/* A block of exactly that size, so that a read behind it shows under a sanitizer. */
	uint8_t *exact = realloc(bytes, size > 0 ? size : 1);

	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static char *join(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static int replay_folder(const char *folder)
{
	DIR *files = opendir(folder);
	int count = 0;

	if (!files) {
		perror(folder);
		exit(EXIT_FAILURE);
	}
	for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;

		char *path = join(folder, entry->d_name);

		replay_file(path);
		free(path);
		count++;
	}
	closedir(files);
	return count;
}

static int replay_corpus(const char *program)
{
	const char *slash = strrchr(program, '/'), *corpus = getenv("FUZZ_CORPUS");
	const char *name = slash ? slash + 1 : program;

	if (!corpus || strncmp(name, "fuzz_", 5) != 0) {
		fprintf(stderr, "%s: name files, or set FUZZ_CORPUS\n", program);
		exit(EXIT_FAILURE);
	}

	char *folder = join(corpus, name + 5);
	int count = replay_folder(folder);

	free(folder);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++, count++)
		replay_file(argv[i]);
	if (argc == 1)
		count = replay_corpus(argv[0]);
	printf("%s: %d inputs, no promise broken\n", argv[0], count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
