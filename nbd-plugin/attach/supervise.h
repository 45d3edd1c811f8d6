/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The supervisor as a process: looks, lets supervisor.h decide, and acts.  cmd-supervise.c
 * starts it and starts it again.
 */
#ifndef FARROOT_SUPERVISE_H
#define FARROOT_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/log.h"

struct supervise_settings {
	const char *name;		/* of the device-mapper device */
	char *const *command;		/* path of nbdkit, and its arguments from the plugin on */
	const char *store;		/* the file of store=, in the sandbox; NULL: none */
	const char *status_socket;	/* of status=, in the sandbox; NULL: none */
	bool pivots;			/* once all is here; then both are there */
	bool frees;			/* the files of the sandbox, after a pivot */
	bool verity;			/* of the kernel, after a pivot */
	const char *roothash;		/* 64 hexadecimal digits; NULL: not known */
	bool has_multipath;		/* false: attach /dev/nbd0 once, and only take it down in the end */
	/* Opened before the root directory was changed to the sandbox. */
	int dm_control;			/* -1 without multipath */
	int sysfs_block;		/* /sys/block */
	int dev;			/* /dev */
	/* Called when reads of the device can begin; ctx is that of log. */
	void (*ready)(void *ctx, const char *device);
	struct log log;
};

enum supervise_end {
	SUPERVISE_STOPPED,		/* by SIGTERM: everything is taken down */
	SUPERVISE_PIVOTED,		/* the device needs no server any more */
	SUPERVISE_NO_GUARD,		/* the guard has died; the supervisor goes on as a new guard */
	SUPERVISE_FAILED		/* cannot begin, after a message */
};

/* Runs the supervisor until one of these.  is_first: there must be no other supervisor of this
 * sandbox; otherwise waits for the last steps of a dead one.  guard: its process.
 * Call with SIGTERM at its handler supervise_stop.
 */
enum supervise_end supervise(const struct supervise_settings *settings, bool is_first, pid_t guard);

/* A handler for SIGTERM, and whether it was called. */
void supervise_stop(int signal);
bool supervise_is_stopping(void);

#endif
