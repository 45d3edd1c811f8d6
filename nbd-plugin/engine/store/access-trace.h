/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The access trace: the blocks that clients have read, in the order of their first read.
 * A profile is recorded from it.  A read whose blocks were all read before tests one
 * bit per block and takes no lock; new blocks are appended to a list under a lock.
 *
 * Any thread may call any function at any time, except trace_new and trace_free.  Nothing
 * blocks, except for the lock, which is held for a few instructions (in trace_profile: for
 * a copy of the list).
 */
#ifndef FARROOT_ACCESS_TRACE_H
#define FARROOT_ACCESS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/profile.h"

/* The largest number of extents in the list: as a text, it is below PROFILE_MAX_BYTES. */
#define TRACE_MAX_ENTRIES (PROFILE_MAX_ENTRIES / 2)

struct access_trace;

/* Makes a trace for an image of size_bytes.  log must outlive the trace, and may be NULL.
 * Returns 0 or -errno.
 */
int trace_new(uint64_t size_bytes, const struct log *log, struct access_trace **out);
/* NULL is fine. */
void trace_free(struct access_trace *trace);

/* Records a read of count blocks from block start; they must be inside the image.  Returns
 * whether a block was read for the first time.
 */
bool trace_record(struct access_trace *trace, uint64_t start, uint64_t count);

/* The time (clock_ms) of the last first read, 0 if there was none. */
uint64_t trace_last_ms(const struct access_trace *trace);

/* A place in the list; zeroes are its beginning.  Belongs to one thread. */
struct trace_cursor {
	size_t entry;
	uint64_t taken_bytes;	/* bytes of that entry that were returned */
};

/* Returns the next blocks [*start, *end) after the cursor; false at the end of the list. */
bool trace_next(struct access_trace *trace, struct trace_cursor *cursor,
		  uint64_t *start, uint64_t *end);

/* Copies the list, which has at most TRACE_MAX_ENTRIES extents; the headers of out stay
 * empty.  Returns 0 or -ENOMEM; free out with profile_free.
 */
int trace_profile(struct access_trace *trace, struct profile *out);

#endif
