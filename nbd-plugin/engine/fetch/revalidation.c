/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "engine/fetch/delivery.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/revalidation.h"

/* Candidates checked, and blocks looked at, in one turn of the loop: no read waits for the rest. */
#define CHECKED_AT_ONCE 64
#define LOOKS_AT_ONCE 4096

struct revalidation {
	uint64_t next_block;		/* to be checked */
	bool has_skipped;
	uint64_t skipped_block;		/* the first: nothing can verify it now */
	uint64_t damaged_blocks;
};

int revalidation_init(struct fetch *f)
{
	f->revalidation = calloc(1, sizeof *f->revalidation);
	return f->revalidation ? 0 : -ENOMEM;
}

void revalidation_free(struct fetch *f)
{
	free(f->revalidation);
}

static void reject(struct fetch *f, uint64_t block)
{
	if (!f->revalidation->damaged_blocks++)
		log_say(f->log, LOG_NOTE, "store=%s: block %" PRIu64 " is damaged or was never written; such blocks are fetched again",
			f->options->store_path, block);
	store_drop(f->store, block);
	/* The profile and the fill have passed it. */
	scheduler_release(&f->scheduler, block, 1);
}

/* Reads a candidate and checks it; a hash block that is missing is asked for, and nothing is read
 * without it.
 */
static enum verdict check(struct fetch *f, uint64_t block, uint8_t bytes[STORE_BLOCK])
{
	uint64_t needed;

	if (hash_cache_misses_parent(f->hash_cache, block, &needed)) {
		revalidation_need_hash(f, needed);
		if (hash_cache_misses_parent(f->hash_cache, block, &needed))
			return VERDICT_UNKNOWN;
	}
	if (store_read_candidate(f->store, block, bytes))
		return VERDICT_BAD;
	return hash_cache_check(f->hash_cache, block, bytes, &needed);
}

static void revalidate(struct fetch *f, uint64_t block)
{
	uint8_t bytes[STORE_BLOCK];

	if (hash_cache_fill_superblock(f->hash_cache, block, bytes)) {
		delivery_publish(f, block, 1, bytes);
		return;
	}
	switch (check(f, block, bytes)) {
	case VERDICT_UNKNOWN:
		return;
	case VERDICT_BAD:
		reject(f, block);
		return;
	case VERDICT_GOOD:
		break;
	}
	store_believe(f->store, block);
	scheduler_mark_present(&f->scheduler, block, 1);
	if (hash_cache_is_hash_block(f->hash_cache, block))
		hash_cache_put(f->hash_cache, block, bytes);
	delivery_deliver(f, block, 1, bytes);
}

void revalidation_need_hash(struct fetch *f, uint64_t block)
{
	uint64_t parent;

	if (store_is_candidate(f->store, block)) {
		revalidate(f, block);
		if (store_has(f->store, block))
			return;
	}
	if (!store_is_candidate(f->store, block))
		scheduler_add_hash(&f->scheduler, block);
	if (hash_cache_misses_parent(f->hash_cache, block, &parent))
		revalidation_need_hash(f, parent);
}

/* A block that verifies may end any pending read, which is on its reader's stack and gone
 * then.  So the blocks are copied first, and no demand is read while they are checked.
 */
void revalidation_check_demands(struct fetch *f)
{
	struct range *ranges;
	unsigned count, n;
	uint64_t block;

	if (!f->options->store_path)
		return;
	ranges = scheduler_copy_demands(&f->scheduler, &count);
	for (n = 0; n < count; n++)
		for (block = ranges[n].start; block < ranges[n].end; block++)
			if (store_is_candidate(f->store, block))
				revalidate(f, block);
	free(ranges);
}

/* Without fill, a block that neither the profile nor a reader wants is not worth a hash block's
 * fetch.
 */
static bool is_worth_a_hash(const struct fetch *f, uint64_t block)
{
	return f->fills || scheduler_is_expected(&f->scheduler, block);
}

void revalidation_restart(struct fetch *f)
{
	f->revalidation->next_block = 0;
}

/* A hash block that has failed again can take long. */
static bool is_skipped(struct fetch *f, uint64_t block)
{
	struct revalidation *r = f->revalidation;

	if (!scheduler_is_below_failed(&f->scheduler, block))
		return false;
	if (!r->has_skipped)
		r->skipped_block = block;
	r->has_skipped = true;
	return true;
}

static void return_to_skipped(struct fetch *f)
{
	struct revalidation *r = f->revalidation;

	if (!r->has_skipped || scheduler_is_below_failed(&f->scheduler, r->skipped_block))
		return;
	r->has_skipped = false;
	if (r->skipped_block < r->next_block)
		r->next_block = r->skipped_block;
}

bool revalidation_check_some(struct fetch *f)
{
	uint64_t *next = &f->revalidation->next_block;
	unsigned n = 0, looks = 0;

	if (!f->options->store_path || !(f->fills || f->scheduler.expected_left))
		return false;
	return_to_skipped(f);
	for (; n < CHECKED_AT_ONCE && looks < LOOKS_AT_ONCE && *next < f->scheduler.blocks; ++*next, looks++) {
		if (!store_is_candidate(f->store, *next) || !is_worth_a_hash(f, *next) ||
		    is_skipped(f, *next))
			continue;
		revalidate(f, *next);
		if (store_is_candidate(f->store, *next))
			return false;	/* until its hash block has come */
		n++;
	}
	return *next < f->scheduler.blocks;
}
