/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Blocks that an earlier run left in the store: believed once they verify.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/fetch/fetch-internal.h"

/* Candidates looked at in one turn of the loop, so that nobody waits for them. */
#define BELIEVE_AT_ONCE 64

/* Checks what an earlier run left in the store, and takes it if it verifies. */
static void believe(struct fetch *f, uint64_t block)
{
	uint8_t bytes[STORE_BLOCK];
	enum verdict verdict = VERDICT_BAD;
	uint64_t needed;

	if (hash_cache_fill_superblock(f->hash_cache, block, bytes)) {
		fetch_publish(f, block, 1, bytes);
		return;
	}
	if (!store_read_candidate(f->store, block, bytes)) {
		verdict = hash_cache_check(f->hash_cache, block, bytes, &needed);
		if (verdict == VERDICT_UNKNOWN) {
			fetch_need_hash(f, needed);
			verdict = hash_cache_check(f->hash_cache, block, bytes, &needed);
		}
	}
	if (verdict == VERDICT_UNKNOWN)
		return;
	if (verdict == VERDICT_BAD) {
		if (!f->damaged_blocks++)
			log_say(f->log, LOG_NOTE, "store=%s: block %" PRIu64 " is damaged or was never written; such blocks are fetched again",
				f->options->store_path, block);
		store_drop(f->store, block);
		return;
	}
	store_believe(f->store, block);
	if (hash_cache_is_hash_block(f->hash_cache, block)) {
		hash_cache_put(f->hash_cache, block, bytes);
		f->hash_cache_grew = true;
	}
	fetch_deliver(f, block, 1, bytes);
}

/* Gets a hash block, from an earlier run or from an origin, and with it all that
 * it takes to check it.
 */
void fetch_need_hash(struct fetch *f, uint64_t block)
{
	uint64_t parent;

	if (store_is_candidate(f->store, block)) {
		believe(f, block);
		if (store_has(f->store, block))
			return;
	}
	if (!store_is_candidate(f->store, block))
		scheduler_add_hash(&f->scheduler, block);
	if (hash_cache_misses_parent(f->hash_cache, block, &parent))
		fetch_need_hash(f, parent);
}

/* What readers wait for, malloc'ed; NULL when nobody does. */
static struct range *copy_wants(const struct fetch *f, unsigned *count)
{
	const struct demand *want;
	struct range *ranges;
	unsigned n = 0;

	for (want = f->scheduler.first; want; want = want->next)
		n++;
	ranges = n ? malloc(n * sizeof *ranges) : NULL;
	*count = ranges ? n : 0;
	n = 0;
	for (want = f->scheduler.first; ranges && want; want = want->next)
		ranges[n++] = (struct range){ want->start, want->start + want->count };
	return ranges;
}

/* A block that is believed may end any wait, this one or the next, and with it
 * the waiter's life on its reader's stack: so none is looked at in between.
 */
void fetch_believe_what_is_wanted(struct fetch *f)
{
	struct range *ranges;
	unsigned count, n;
	uint64_t block;

	if (!f->options->store_path)
		return;
	ranges = copy_wants(f, &count);
	for (n = 0; n < count; n++)
		for (block = ranges[n].start; block < ranges[n].end; block++)
			if (store_is_candidate(f->store, block))
				believe(f, block);
	free(ranges);
}

/* Whether there may be more to look at. */
bool fetch_believe_some(struct fetch *f)
{
	unsigned n = 0;

	/* Without fill, what nobody reads is not worth a hash block's fetch. */
	if (!f->options->store_path || !f->fill)
		return false;
	for (; n < BELIEVE_AT_ONCE && f->believe_at < f->scheduler.blocks; f->believe_at++) {
		if (!store_is_candidate(f->store, f->believe_at))
			continue;
		believe(f, f->believe_at);
		if (store_is_candidate(f->store, f->believe_at))
			return false;	/* until its hash block has come */
		n++;
	}
	return f->believe_at < f->scheduler.blocks;
}
