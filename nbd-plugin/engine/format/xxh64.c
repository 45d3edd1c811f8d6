/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/format/little-endian.h"
#include "engine/format/xxh64.h"

#define PRIME_1 0x9E3779B185EBCA87ULL
#define PRIME_2 0xC2B2AE3D27D4EB4FULL
#define PRIME_3 0x165667B19E3779F9ULL
#define PRIME_4 0x85EBCA77C2B2AE63ULL
#define PRIME_5 0x27D4EB2F165667C5ULL
#define STRIPE 32

static uint64_t rotate(uint64_t n, unsigned bits)
{
	return n << bits | n >> (64 - bits);
}

static uint64_t add_lane(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t merge_lane(uint64_t sum, uint64_t lane)
{
	return (sum ^ add_lane(0, lane)) * PRIME_1 + PRIME_4;
}

/* All whole stripes; *at moves behind them. */
static uint64_t sum_stripes(const uint8_t **at, size_t size)
{
	uint64_t a = PRIME_1 + PRIME_2, b = PRIME_2, c = 0, d = 0ULL - PRIME_1, sum;
	const uint8_t *p = *at, *end = p + size / STRIPE * STRIPE;

	for (; p < end; p += STRIPE) {
		a = add_lane(a, little_endian64(p));
		b = add_lane(b, little_endian64(p + 8));
		c = add_lane(c, little_endian64(p + 16));
		d = add_lane(d, little_endian64(p + 24));
	}
	*at = end;
	sum = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
	sum = merge_lane(sum, a);
	sum = merge_lane(sum, b);
	sum = merge_lane(sum, c);
	return merge_lane(sum, d);
}

static uint64_t sum_rest(uint64_t sum, const uint8_t *p, size_t size)
{
	for (; size >= 8; p += 8, size -= 8)
		sum = rotate(sum ^ add_lane(0, little_endian64(p)), 27) * PRIME_1 + PRIME_4;
	for (; size >= 4; p += 4, size -= 4)
		sum = rotate(sum ^ little_endian32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
	for (; size; p++, size--)
		sum = rotate(sum ^ *p * PRIME_5, 11) * PRIME_1;
	return sum;
}

uint64_t xxh64(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t sum = size < STRIPE ? PRIME_5 : sum_stripes(&at, size);

	sum = sum_rest(sum + size, at, size % STRIPE);
	sum = (sum ^ sum >> 33) * PRIME_2;
	sum = (sum ^ sum >> 29) * PRIME_3;
	return sum ^ sum >> 32;
}
