/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * One bit per block.  Pages of the map that were never written to cost no memory.
 * bitmap_set publishes what the thread stored before (release), and bitmap_test sees it
 * (acquire), so readers need no lock.
 *
 * Any thread may call any function at any time, without a lock; none blocks.  Only
 * bitmap_init and bitmap_free need the bitmap for themselves.  A bit number must be less
 * than count.
 */
#ifndef FARROOT_ATOMIC_BITMAP_H
#define FARROOT_ATOMIC_BITMAP_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

struct atomic_bitmap {
	_Atomic uint64_t *words;
	uint64_t count;		/* of bits */
};

static inline uint64_t bitmap_words(uint64_t count)
{
	return (count + 63) / 64;
}

/* Makes a bitmap with all bits clear.  Returns 0 or -errno; free b with bitmap_free. */
static inline int bitmap_init(struct atomic_bitmap *b, uint64_t count)
{
	void *map = mmap(NULL, bitmap_words(count) * 8 + 8, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	b->words = map;
	b->count = count;
	return 0;
}

/* A zeroed bitmap and a second call are fine. */
static inline void bitmap_free(struct atomic_bitmap *b)
{
	if (b->words)
		munmap((void *)b->words, bitmap_words(b->count) * 8 + 8);
	b->words = NULL;
}

static inline bool bitmap_test(const struct atomic_bitmap *b, uint64_t i)
{
	return atomic_load_explicit(&b->words[i / 64], memory_order_acquire) >> (i % 64) & 1;
}

/* Sets bit i.  Returns whether it was set before. */
static inline bool bitmap_set(struct atomic_bitmap *b, uint64_t i)
{
	uint64_t mask = 1ULL << (i % 64);

	return atomic_fetch_or_explicit(&b->words[i / 64], mask, memory_order_release) & mask;
}

/* Clears bit i.  Returns whether it was set before. */
static inline bool bitmap_clear(struct atomic_bitmap *b, uint64_t i)
{
	uint64_t mask = 1ULL << (i % 64);

	return atomic_fetch_and_explicit(&b->words[i / 64], ~mask, memory_order_release) & mask;
}

/* Returns whether all bits of [start, end) are set. */
static inline bool bitmap_all_set(const struct atomic_bitmap *b, uint64_t start, uint64_t end)
{
	uint64_t word;

	for (; start < end; start = (start / 64 + 1) * 64) {
		word = ~atomic_load_explicit(&b->words[start / 64], memory_order_acquire) >> (start % 64);
		if (end - start < 64)
			word &= (1ULL << (end - start)) - 1;
		if (word)
			return false;
	}
	return true;
}

/* Returns the first clear bit at or after i, or count if there is none. */
static inline uint64_t bitmap_next_clear(const struct atomic_bitmap *b, uint64_t i)
{
	uint64_t word;

	while (i < b->count) {
		word = ~atomic_load_explicit(&b->words[i / 64], memory_order_acquire) >> (i % 64);
		if (word) {
			i += (uint64_t)__builtin_ctzll(word);
			return i < b->count ? i : b->count;
		}
		i = (i / 64 + 1) * 64;
	}
	return b->count;
}

/* Returns the first bit at or after i that is clear in both bitmaps, which have the same
 * count, or count if there is none.
 */
static inline uint64_t bitmap_next_clear_in_both(const struct atomic_bitmap *a,
						 const struct atomic_bitmap *b, uint64_t i)
{
	uint64_t word;

	while (i < a->count) {
		word = ~(atomic_load_explicit(&a->words[i / 64], memory_order_acquire) |
			 atomic_load_explicit(&b->words[i / 64], memory_order_acquire)) >> (i % 64);
		if (word) {
			i += (uint64_t)__builtin_ctzll(word);
			return i < a->count ? i : a->count;
		}
		i = (i / 64 + 1) * 64;
	}
	return a->count;
}

/* Returns the first set bit of [i, end), or end if there is none. */
static inline uint64_t bitmap_next_set(const struct atomic_bitmap *b, uint64_t i, uint64_t end)
{
	uint64_t word;

	while (i < end) {
		word = atomic_load_explicit(&b->words[i / 64], memory_order_acquire) >> (i % 64);
		if (word) {
			i += (uint64_t)__builtin_ctzll(word);
			return i < end ? i : end;
		}
		i = (i / 64 + 1) * 64;
	}
	return end;
}

#endif
