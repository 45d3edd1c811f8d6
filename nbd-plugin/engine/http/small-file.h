/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * One small file from or to a web server, in one try: a configuration, a message of a
 * mailbox.  Nothing is verified here; the caller does that, and tries again.
 */
#ifndef FARROOT_SMALL_FILE_H
#define FARROOT_SMALL_FILE_H

#include <stddef.h>

struct small_file {
	const char *url;		/* http or https; no redirect is followed */
	const char *login;		/* USER:PASSWORD, or NULL */
	const char *cainfo;		/* a file of certificates, or NULL: the system's */
	size_t limit_bytes;		/* of an answer's body */
	unsigned limit_s;		/* of the whole transfer */
};

/* Fetches the file; or sends body, when that is not NULL, by PUT.  On success, *answer is
 * malloc'ed and has *answer_size bytes.  Blocks for limit_s at most.  Returns 0; -ENOENT if
 * the server has no such file (404, 410); -EFBIG if the answer is larger than the limit;
 * -EIO for all else, or -ENOMEM.  why gets the reason, without what is secret in the URL.
 */
int small_file_transfer(const struct small_file *file, const char *body, size_t body_size, char **answer,
			size_t *answer_size, char *why, size_t why_size);

#endif
