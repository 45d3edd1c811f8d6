/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Runs another program, such as fusermount3.
 */
#ifndef FARROOT_RUN_PROGRAM_H
#define FARROOT_RUN_PROGRAM_H

#include <stdbool.h>

/* Returns whether the search path has a program of this name. */
bool run_program_exists(const char *name);

/* Runs argv[0], which is searched, with unblocked signals, and waits for its end.  Returns its
 * exit status; 128 and more: a signal ended it; -ENOENT: there is no such program; -errno.
 */
int run_program(const char *const argv[]);

#endif
