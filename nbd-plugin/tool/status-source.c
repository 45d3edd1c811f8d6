/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/printable.h"
#include "common/status-file.h"
#include "tool/commands.h"
#include "tool/status-source.h"

/* How long a server that has answered before may be away. */
#define AWAY_MS 60000

/* Returns the length, or -errno. */
static ssize_t get(const char *path, const char *request, char text[STATUS_SOURCE_BYTES])
{
	ssize_t length = status_client_ask(path, request, STATUS_CLIENT_LIMIT_S, text, STATUS_SOURCE_BYTES - 1), kept;

	/* After a pivot there is no server any more, but its last answer. */
	if (length == -ECONNREFUSED || length == -ENOENT) {
		kept = status_file_read(path, text, STATUS_SOURCE_BYTES - 1);
		length = kept > 0 ? kept : length;
	}
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/* Ends the first line, and returns what follows it. */
static char *split(char *text)
{
	char *end = strchr(text, '\n');

	if (!end)
		return text + strlen(text);
	memmove(end + 2, end + 1, strlen(end + 1) + 1);
	end[1] = '\0';
	return end + 2;
}

/* Returns 0; -EPROTO: not the answer of a farroot server; or what get returns. */
static int ask(const char *path, const char *request, char text[STATUS_SOURCE_BYTES], struct status *s,
	       const char **answer)
{
	ssize_t length = get(path, request, text);
	char *rest;

	if (length < 0)
		return (int)length;
	/* Room for the NUL that split adds. */
	if (length >= STATUS_SOURCE_BYTES - 2)
		return -EPROTO;
	rest = request ? split(text) : text + length;
	if (status_from_json(text, strlen(text), s))
		return -EPROTO;
	/* The text may come from another server: control characters must not reach the terminal. */
	make_printable(s->origin);
	make_printable(s->hold);
	make_printable(s->corrupt_origin);
	make_printable(s->last_error);
	if (answer)
		*answer = rest;
	return 0;
}

static int complain(const char *command, const char *path, int err)
{
	if (err == -EPROTO)
		fprintf(stderr, "farroot %s: %s: not the answer of a farroot server\n", command, path);
	else
		fprintf(stderr, "farroot %s: %s: %s; is the image being served?\n", command, path, strerror(-err));
	return -1;
}

int status_source_ask(const char *command, const char *path, const char *request,
		      char text[STATUS_SOURCE_BYTES], struct status *status, const char **answer)
{
	int err = ask(path, request, text, status, answer);

	return err ? complain(command, path, err) : 0;
}

int status_source_follow(const char *command, const char *path, const char *request, unsigned period_s,
			 bool (*see)(void *ctx, const struct status *status), void *ctx)
{
	static char text[STATUS_SOURCE_BYTES];
	uint64_t answered_ms = 0;
	struct status s;
	int err;

	for (;;) {
		err = ask(path, request, text, &s, NULL);
		if (err && (!answered_ms || clock_ms() - answered_ms >= AWAY_MS))
			return complain(command, path, err);
		if (!err) {
			answered_ms = clock_ms();
			if (!see(ctx, &s))
				return 0;
		}
		sleep(period_s);
	}
}
