/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Which blocks readers have asked for, in the order in which each was first asked
 * for: what a profile is recorded from.  A read of blocks that were all asked for
 * before costs a look at one bit each and takes no lock; what is new is put at the
 * end of a list.  Any thread.
 */
#ifndef FARROOT_ACCESS_TRACE_H
#define FARROOT_ACCESS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/profile.h"

/* The most extents that are listed: as a text, they are below PROFILE_MAX_BYTES. */
#define TRACE_MAX_ENTRIES (PROFILE_MAX_ENTRIES / 2)

struct access_trace;

/* log must outlive it.  Returns 0 or -errno. */
int trace_new(uint64_t size_bytes, const struct log *log, struct access_trace **out);
void trace_free(struct access_trace *trace);

/* Somebody reads these blocks, which are within the image; whether any of them is
 * read for the first time.
 */
bool trace_record(struct access_trace *trace, uint64_t start, uint64_t count);

/* How many different blocks; and when (clock_ms) the last of them was first
 * asked for, 0 if there was none.
 */
uint64_t trace_count(const struct access_trace *trace);
uint64_t trace_last_ms(const struct access_trace *trace);

/* Where somebody is in the list; starts as zeroes. */
struct trace_cursor {
	size_t entry;
	uint64_t taken_bytes;	/* of that entry */
};

/* The next that cursor has not seen, in blocks; false at the end. */
bool trace_next(struct access_trace *trace, struct trace_cursor *cursor,
		  uint64_t *start, uint64_t *end);

/* A copy of the list; the headers are left empty.  When there are more than
 * TRACE_MAX_ENTRIES, it is the first of them.  Returns 0 or -ENOMEM; free out
 * with profile_free.
 */
int trace_profile(struct access_trace *trace, struct profile *out);

#endif
