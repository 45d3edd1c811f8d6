/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/status-requests.h"
#include "tool/commands.h"
#include "tool/status-show.h"
#include "tool/status-source.h"

#define NAME "materialize"
#define PERIOD_S 1
/* A busy server may have stopped waiting before the request came. */
#define TRIES 5

static void help(void)
{
	printf("Usage: farroot " NAME " [--no-wait] [--socket=PATH]\n"
	       "Makes a server fetch the whole image at once, whatever fill= says, and shows\n"
	       "the progress.\n\n"
	       "  -n, --no-wait      end when the server has begun\n"
	       "  -s, --socket=PATH  the server's status socket\n"
	       "                     (" DEFAULT_STATUS_SOCKET ")\n"
	       "      --help         show this\n");
}

/* Returns why the image will never be complete, or NULL. */
static const char *hindrance(const struct status *s)
{
	static char why[160];

	if (s->state == STATUS_MATERIALIZED || s->state == STATUS_OPENING)
		return NULL;
	if (s->cache_bytes < s->image_bytes) {
		snprintf(why, sizeof why, "the image has %.1f MiB, its cache takes %.1f MiB at most; see cache= in nbdkit-farroot-plugin(1)",
			 status_mib(s->image_bytes), status_mib(s->cache_bytes));
		return why;
	}
	/* Less than a block. */
	if (s->budget_bytes && s->budget_left_bytes < 4096) {
		snprintf(why, sizeof why, "budget= of %.1f MiB is used up", status_mib(s->budget_bytes));
		return why;
	}
	return NULL;
}

static int refuse(const char *why)
{
	fprintf(stderr, "farroot " NAME ": cannot materialize: %s\n", why);
	return EXIT_FAILURE;
}

/* Asks until the server says that it has begun. */
static int begin(const char *path, struct status *s)
{
	static char text[STATUS_SOURCE_BYTES];
	const char *answer = "";
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (status_source_ask(NAME, path, STATUS_REQUEST_MATERIALIZE, text, s, &answer))
			return -1;
		if (s->state == STATUS_MATERIALIZED || !strcmp(answer, STATUS_REQUEST_ACCEPTED))
			return 0;
	}
	fprintf(stderr, "farroot " NAME ": %s: this server cannot be asked to materialize; start it with fill=yes\n", path);
	return -1;
}

struct progress {
	bool on_terminal;
	const char *hindrance;
};

static bool see(void *ctx, const struct status *s)
{
	struct progress *progress = ctx;

	status_print_progress(s, progress->on_terminal);
	progress->hindrance = hindrance(s);
	return s->state != STATUS_MATERIALIZED && !progress->hindrance;
}

/* Each look asks again: a server that a supervisor has started meanwhile does not know of it. */
static int watch(const char *path)
{
	struct progress progress = { .on_terminal = isatty(STDOUT_FILENO) };
	int err = status_source_follow(NAME, path, STATUS_REQUEST_MATERIALIZE, PERIOD_S, see, &progress);

	if (progress.on_terminal)
		printf("\n");
	if (err)
		return EXIT_FAILURE;
	return progress.hindrance ? refuse(progress.hindrance) : 0;
}

int cmd_materialize(int argc, char **argv)
{
	static const struct option options[] = {
		{ "no-wait", no_argument, NULL, 'n' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DEFAULT_STATUS_SOCKET;
	bool waits = true;
	struct status s;
	int c;

	while ((c = getopt_long(argc, argv, "ns:h", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			waits = false;
			break;
		case 's':
			path = optarg;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error(NAME, "bad option");
		}
	}
	if (optind < argc)
		return tool_usage_error(NAME, "%s: takes no arguments", argv[optind]);
	if (begin(path, &s))
		return EXIT_FAILURE;
	if (hindrance(&s))
		return refuse(hindrance(&s));
	return waits ? watch(path) : 0;
}
