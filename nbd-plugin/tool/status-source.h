/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where a command gets the status of a served image: from the server at a status socket, or,
 * after a pivot, from the file that the server has left.  The main thread calls these.
 */
#ifndef FARROOT_STATUS_SOURCE_H
#define FARROOT_STATUS_SOURCE_H

#include <stdbool.h>

#include "common/status.h"

/* More than a server sends. */
#define STATUS_SOURCE_BYTES 65536

/* Asks once.  text gets the line of JSON, with a final NUL.  request: for the server, beside the
 * status; NULL: none.  The answer to it is what follows the line, and *answer points to it ("":
 * there is none, such as from a file); answer may be NULL.  Returns 0, or -1 after a message that
 * begins with the name of the command.  Blocks for STATUS_CLIENT_LIMIT_S at most.
 */
int status_source_ask(const char *command, const char *path, const char *request,
		      char text[STATUS_SOURCE_BYTES], struct status *status, const char **answer);

/* Asks every period_s seconds until see(ctx, status) returns false.  The first answer must come
 * at once; later, a server may be away for a minute, because a supervisor replaces it.  Returns 0,
 * or -1 after a message.
 */
int status_source_follow(const char *command, const char *path, const char *request, unsigned period_s,
			 bool (*see)(void *ctx, const struct status *status), void *ctx);

#endif
