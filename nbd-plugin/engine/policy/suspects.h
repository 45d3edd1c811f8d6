/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Suspects: blocks that did not verify.  They are requested again by region, 1 MiB of the
 * image, so that the cost does not grow with their number:
 *
 *   first failure ──► all suspects of the region after 0.1 s ──► one of them after 0.5 s ──►
 *   one of them after 1 s ──► … ──► one of them every 10 min
 *
 * The 0.1 s begin with the last of the failures, so that suspects of one transfer become one
 * request.  A suspect that verifies proves that the origin or a cache was mended: then all
 * suspects of its region are requested at once.  Blocks that are not suspects are not affected.
 *
 * Whatever the regions say, one suspect may be requested every 30 s, the probe, so that what was
 * mended is soon found out.  After one that verifies, the next may follow at once.  A probe that
 * fails does not make the pauses of its region longer.
 *
 * One thread; no clock and no I/O.  Times are monotonic milliseconds, numbers are blocks.  All
 * zero but is_suspect and place is an empty set.
 */
#ifndef FARROOT_SUSPECTS_H
#define FARROOT_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/atomic-bitmap.h"

struct suspect_region {
	uint64_t index;		/* block / SUSPECT_REGION_BLOCKS */
	uint64_t next_try_ms;
	unsigned attempts;	/* that failed, after the first failure; without probes */
	bool is_probed;		/* its last request was the probe */
	uint32_t count;		/* suspects; > 0 */
	int origin;		/* that sent the last of them */
};

struct suspects {
	struct atomic_bitmap is_suspect;
	struct suspect_region *regions;
	size_t region_count, region_space;
	uint32_t *place;	/* of each region of the image in regions, from 1 on; 0: not there */
	uint64_t count;		/* of blocks */
	uint64_t probe_ms;	/* the time of the next probe */
	uint64_t next_ms;	/* of suspects_next_ms; 0: not known */
};

/* For an image of this size in blocks.  Returns 0 or -errno; free with suspects_free. */
int suspects_init(struct suspects *suspects, uint64_t blocks);
void suspects_free(struct suspects *suspects);

static inline bool suspects_has(const struct suspects *suspects, uint64_t block)
{
	return suspects->count && bitmap_test(&suspects->is_suspect, block);
}

/* A block from an origin did not verify, for the first time or again.  If memory is short,
 * the block is not a suspect, and is requested as any other.
 */
void suspects_add(struct suspects *suspects, uint64_t block, int origin, uint64_t now_ms);
/* A block has verified.  Returns whether it was a suspect; the others of its region are due now. */
bool suspects_remove(struct suspects *suspects, uint64_t block, uint64_t now_ms);

/* Whether a suspect may not be requested yet. */
bool suspects_must_wait(const struct suspects *suspects, uint64_t block, uint64_t now_ms);
/* Returns when a suspect may be requested, in the past if it may be now; 0: not a suspect. */
uint64_t suspects_due_ms(const struct suspects *suspects, uint64_t block);
/* Whether a suspect has failed again: it can take long until it verifies. */
bool suspects_has_failed_again(const struct suspects *suspects, uint64_t block);
/* Before a suspect is requested: returns the number of blocks, from it on, that may be
 * requested together if all are suspects; 0: none yet.  *avoid is the origin to avoid.
 */
uint32_t suspects_take(struct suspects *suspects, uint64_t block, uint64_t now_ms, int *avoid);
/* A suspect was taken, but no origin answered for it: that was no attempt, and it is due again.
 * The backoff of the origins limits such requests.
 */
void suspects_put_back(struct suspects *suspects, uint64_t block, uint64_t now_ms);
/* The first block behind the region of a block. */
uint64_t suspects_region_end(uint64_t block);
/* The time of the next request for a suspect; UINT64_MAX: there is none. */
uint64_t suspects_next_ms(struct suspects *suspects);

#endif
