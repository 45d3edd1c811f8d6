/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Runs many small jobs, each in a separate process, so that a crash or a hang is the
 * result of one job only.  Starts as many at once as at_once allows and the machine can serve:
 * other tests may run beside them.
 */
#ifndef FARROOT_TEST_WORKERS_H
#define FARROOT_TEST_WORKERS_H

#include <stdint.h>

struct workers {
	uint64_t first, last;	/* numbers of the jobs */
	unsigned at_once;
	unsigned limit_s;	/* a job that takes longer has failed */
	/* In the child; returns its exit status, 0 = success. */
	int (*work)(void *ctx, uint64_t number);
	/* In the parent: reports a failed job. */
	void (*failed)(void *ctx, uint64_t number, const char *how);
	void *ctx;
};

/* Runs all, and says on standard output how many there were, and of what, such as "seeds".
 * Returns the exit status.
 */
int workers_main(const struct workers *workers, const char *what);

/* Runs work in a child process and waits for it.  Returns its exit status, or -1 if it
 * crashed.
 */
int worker_apart(int (*work)(void *ctx, uint64_t number), void *ctx, uint64_t number);

#endif
