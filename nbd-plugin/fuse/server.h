/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The process that serves a mount, from the opening of its image to the end.
 */
#ifndef FARROOT_SERVER_H
#define FARROOT_SERVER_H

#include <limits.h>
#include <stdbool.h>

#include "common/options.h"
#include "fuse/control.h"
#include "fuse/mount-options.h"

/* What the user wants. */
struct mount_request {
	struct options options;		/* checked, with absolute paths */
	const char *file;		/* a local image; NULL: the URLs of options */
	char folder[PATH_MAX];		/* where to mount; absolute */
	struct mount_options mount;
	bool foreground;
	char hidden[PATH_MAX];		/* --tree: where the image is mounted; else "" */
	char socket[PATH_MAX];		/* status socket, unless status= names one; "": none */
};

/* Opens the image, which blocks during an outage, mounts it, tells the attendant, answers reads
 * until the file system is unmounted or a signal comes, and removes what it has made.
 * control->fd < 0: no attendant.  Returns the exit status, after a message if it is not 0.
 */
int server_run(const struct mount_request *request, struct control *control);

#endif
