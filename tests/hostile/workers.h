/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Many small jobs, each in a process of its own, so that a crash or a hang of
 * one is that one's result.
 */
#ifndef FARROOT_TEST_WORKERS_H
#define FARROOT_TEST_WORKERS_H

#include <stdint.h>

struct workers {
	uint64_t first, last;	/* numbers of the jobs */
	unsigned at_once;
	unsigned limit_s;	/* a job that takes longer hangs */
	/* In the child; returns its exit status, 0 = success. */
	int (*work)(void *ctx, uint64_t number);
	/* In the parent: what is to be said of a job that failed. */
	void (*failed)(void *ctx, uint64_t number, const char *how);
	void *ctx;
};

/* Returns how many failed. */
unsigned workers_run(const struct workers *workers);

/* Runs work in a child of its own and waits; returns its exit status, or -1 when
 * it crashed.
 */
int worker_apart(int (*work)(void *ctx, uint64_t number), void *ctx, uint64_t number);

#endif
