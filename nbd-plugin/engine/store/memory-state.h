/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The state of the machine's memory, from the files of /proc.  Any thread may call the
 * function; it reads two small files, and takes no memory and no lock.
 */
#ifndef FARROOT_MEMORY_STATE_H
#define FARROOT_MEMORY_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Where Linux has the files; tests have a folder of their own. */
#define MEMORY_STATE_PROC "/proc"

struct memory_state {
	uint64_t total_bytes;		/* MemTotal */
	uint64_t available_bytes;	/* MemAvailable: without swapping */
	bool has_stall;			/* the kernel measures stalls */
	unsigned stall_percent;		/* of the last 10 s in which some process waited for memory */
};

/* Reads proc/meminfo and proc/pressure/memory.  A kernel may lack the latter.  Returns 0; or
 * -errno, or -EINVAL if meminfo lacks a value, and then *out is all zeroes.
 */
int memory_state_read(const char *proc, struct memory_state *out);

/* Opens a descriptor on which poll(2) reports POLLPRI each time that processes have stalled for
 * 10 % of 2 s.  Without privileges, Linux allows that from 6.4 on.  Returns the descriptor, which
 * the caller closes, or -errno.
 */
int memory_state_open_trigger(const char *proc);

#endif
