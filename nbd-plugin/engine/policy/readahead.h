/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Who reads on and on, and how far ahead of them to be.  Fed with what is read for the
 * first time, in that order; tells what to fetch next.  Pure.
 *
 *   new ──reads on──► first window ──reads on──► twice as much ... up to the limit
 *    ▲                                                     │
 *    └── the oldest gives way; what it left unread counts ─┘
 *
 * When much is left unread, all become more careful: later and smaller windows.
 */
#ifndef FARROOT_READAHEAD_H
#define FARROOT_READAHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/block-scheduler.h"

#define READAHEAD_STREAMS 16
/* The first window, 64 KiB; and so much may be left out and still be reading on. */
#define READAHEAD_FIRST 16
#define READAHEAD_GAP 8
#define READAHEAD_CAUTION_MAX 4

struct readahead {
	struct readahead_stream {
		uint64_t next, ahead;	/* read, and fetched, up to there */
		uint32_t window;	/* blocks */
		uint32_t issued;	/* in all */
		unsigned steps;
		uint64_t used;		/* 0: free */
	} streams[READAHEAD_STREAMS];
	uint64_t clock;
	unsigned caution;
};

/* Blocks [start, end) are read for the first time.  Whether out is to be fetched;
 * no window is larger than most_blocks.
 */
bool readahead_touch(struct readahead *readahead, uint64_t start, uint64_t end,
		     uint32_t most_blocks, struct range *out);

#endif
