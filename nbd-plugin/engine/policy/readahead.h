/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Readahead for sequential readers.  Its input is the access trace; it returns the windows
 * to fetch.
 *
 *   new ──goes on──► first window ──goes on──► twice the window ... up to the limit
 *    ▲                                                     │
 *    └── the oldest stream is replaced; its unread blocks count ─┘
 *
 * When many prefetched blocks stay unread, all streams get later and smaller windows.
 *
 * One thread: the fetch thread.  No I/O and no locks; nothing blocks.  A zeroed struct is
 * the beginning.
 */
#ifndef FARROOT_READAHEAD_H
#define FARROOT_READAHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/block-scheduler.h"

#define READAHEAD_STREAMS 16
/* Blocks of the first window (64 KiB), and the largest gap within a sequential read. */
#define READAHEAD_FIRST 16
#define READAHEAD_GAP 8
#define READAHEAD_CAUTION_MAX 4

struct readahead {
	struct readahead_stream {
		uint64_t next, ahead;	/* the ends of what was read and of what was fetched */
		uint32_t window;	/* blocks */
		uint32_t issued;	/* blocks of all windows */
		unsigned steps;
		uint64_t used;		/* 0: free */
	} streams[READAHEAD_STREAMS];
	uint64_t clock;
	unsigned caution;
};

/* Blocks [start, end) were read for the first time.  Returns whether the blocks *out should
 * be fetched.  No window is larger than most_blocks.
 */
bool readahead_touch(struct readahead *readahead, uint64_t start, uint64_t end,
		     uint32_t most_blocks, struct range *out);

#endif
