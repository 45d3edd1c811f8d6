/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot http: what the scripts of the rescue system ask a web server, in flavours without
 * curl(1), too.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http/small-file.h"
#include "tool/commands.h"

#define NAME "http"
#define EXIT_NO_FILE 3
#define DEFAULT_LIMIT_BYTES 65536
#define MOST_BYTES (64 << 20)
#define DEFAULT_LIMIT_S 60

static void help(void)
{
	printf("Usage: farroot " NAME " get|put [OPTION]... URL\n"
	       "Prints a small file of a web server, or sends standard input there by PUT.\n"
	       "Tries once, and follows no redirect.\n\n"
	       "      --cainfo=FILE    trust these certificates\n"
	       "      --login=FILE     its first line is USER:PASSWORD\n"
	       "      --max-bytes=N    the largest file (%d)\n"
	       "      --max-seconds=N  the longest transfer (%d)\n"
	       "      --help           show this\n\n"
	       "The exit status is %d if the server has no such file.\n",
	       DEFAULT_LIMIT_BYTES, DEFAULT_LIMIT_S, EXIT_NO_FILE);
}

/* Returns a number from 1 to most, or 0. */
static unsigned long number(const char *text, unsigned long most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return *text < '0' || *text > '9' || *end || n > most ? 0 : n;
}

/* Returns the first line of a file, malloc'ed, or NULL with a message. */
static char *first_line(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	n = f ? getline(&line, &size, f) : -1;
	if (n < 1)
		fprintf(stderr, "farroot " NAME ": %s: %s\n", path, f && !ferror(f) ? "is empty" : strerror(errno));
	if (f)
		fclose(f);
	if (n < 1) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* Reads standard input.  Returns its bytes, malloc'ed, or NULL with a message. */
static char *read_input(size_t limit, size_t *size)
{
	char *bytes = malloc(limit + 1);

	*size = bytes ? fread(bytes, 1, limit + 1, stdin) : 0;
	if (bytes && *size <= limit && !ferror(stdin))
		return bytes;
	fprintf(stderr, "farroot " NAME ": standard input: %s\n",
		!bytes ? "out of memory" : ferror(stdin) ? strerror(errno) : "more bytes than --max-bytes=");
	free(bytes);
	return NULL;
}

static int transfer(const struct small_file *file, int is_put)
{
	char why[200], *body = NULL, *answer = NULL;
	size_t body_size = 0, size = 0;
	int err;

	if (is_put) {
		body = read_input(file->limit_bytes, &body_size);
		if (!body)
			return EXIT_FAILURE;
	}
	err = small_file_transfer(file, body, body_size, &answer, &size, why, sizeof why);
	free(body);
	if (err) {
		/* The caller has the URL, which may hold a password. */
		fprintf(stderr, "farroot " NAME ": %s\n", why);
		return err == -ENOENT ? EXIT_NO_FILE : EXIT_FAILURE;
	}
	if (!is_put && (fwrite(answer, 1, size, stdout) != size || fflush(stdout))) {
		perror("farroot " NAME ": standard output");
		err = -EIO;
	}
	free(answer);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option options[] = {
	{ "cainfo", required_argument, NULL, 'c' },
	{ "login", required_argument, NULL, 'l' },
	{ "max-bytes", required_argument, NULL, 'b' },
	{ "max-seconds", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

int cmd_http(int argc, char **argv)
{
	struct small_file file = { .limit_bytes = DEFAULT_LIMIT_BYTES, .limit_s = DEFAULT_LIMIT_S };
	char *login = NULL;
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			file.cainfo = optarg;
			break;
		case 'l':
			free(login);
			login = first_line(optarg);
			if (!login)
				return EXIT_FAILURE;
			file.login = login;
			break;
		case 'b':
			file.limit_bytes = number(optarg, MOST_BYTES);
			if (!file.limit_bytes)
				return tool_usage_error(NAME, "--max-bytes=%s: not a number from 1 to %d", optarg, MOST_BYTES);
			break;
		case 's':
			file.limit_s = (unsigned)number(optarg, 86400);
			if (!file.limit_s)
				return tool_usage_error(NAME, "--max-seconds=%s: not a number from 1 to 86400", optarg);
			break;
		case 'h':
			help();
			return EXIT_SUCCESS;
		default:
			return tool_usage_error(NAME, "bad option");
		}
	}
	if (argc - optind != 2 || (strcmp(argv[optind], "get") && strcmp(argv[optind], "put")))
		return tool_usage_error(NAME, "give get or put, and a URL");
	file.url = argv[optind + 1];
	if (strncmp(file.url, "http://", 7) && strncmp(file.url, "https://", 8))
		return tool_usage_error(NAME, "%s: must begin with http:// or https://", file.url);
	status = transfer(&file, !strcmp(argv[optind], "put"));
	free(login);
	return status;
}
