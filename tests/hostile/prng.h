/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Random numbers that depend only on a seed, so that a test can be repeated.
 * Source: splitmix64, https://prng.di.unimi.it/splitmix64.c (public domain).
 */
#ifndef FARROOT_TEST_PRNG_H
#define FARROOT_TEST_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
	uint64_t state;
};

static inline uint64_t prng_next(struct prng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 to n - 1; n > 0. */
static inline uint64_t prng_below(struct prng *r, uint64_t n)
{
	return prng_next(r) % n;
}

static inline bool prng_percent(struct prng *r, unsigned percent)
{
	return prng_below(r, 100) < percent;
}

/* Another sequence for each (seed, n). */
static inline struct prng prng_of(uint64_t seed, uint64_t n)
{
	struct prng r = { seed };

	r.state = prng_next(&r) ^ (n * 0xd1342543de82ef95ULL);
	prng_next(&r);
	return r;
}

#endif
