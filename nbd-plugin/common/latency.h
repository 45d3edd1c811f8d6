/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A latency histogram of reads, with fixed buckets that suit a copy from memory and an outage
 * of an hour.
 *
 * Counting takes no lock: each read adds to two atomics.  A copy that is taken meanwhile may
 * have a read in one of them only.
 */
#ifndef FARROOT_LATENCY_H
#define FARROOT_LATENCY_H

#include <stdatomic.h>
#include <stdint.h>

/* The last bucket has the reads that took longer than the largest bound. */
#define LATENCY_BUCKETS 11

struct latency {
	uint64_t buckets[LATENCY_BUCKETS];	/* reads; each is in one bucket */
	uint64_t sum_us;
};

struct latency_counter {
	_Atomic uint64_t buckets[LATENCY_BUCKETS];
	_Atomic uint64_t sum_ns;
};

/* Returns the inclusive upper bound of a bucket, but not of the last one, in microseconds. */
uint64_t latency_bound_us(unsigned bucket);

/* Counts a read that took this time.  A zeroed struct has counted none.  Any thread; does not
 * block.
 */
void latency_add(struct latency_counter *counter, uint64_t ns);

/* Copies what was counted until now.  Any thread; does not block. */
void latency_copy(struct latency_counter *counter, struct latency *out);

#endif
