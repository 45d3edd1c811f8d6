/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/last-pass.h"

/* Blocks checked, and blocks looked at, in one turn of the loop: no read waits for more. */
#define CHECKED_AT_ONCE 64
#define LOOKS_AT_ONCE 4096
/* Between two passes: a disk that changes what it keeps must not keep the processor busy. */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 600000

struct last_pass {
	struct atomic_bitmap written;	/* and not read back yet; words is NULL before the first */
	uint64_t written_blocks;
	bool is_running;
	uint64_t looked;	/* at this many blocks in this pass */
	bool has_bad;		/* in this pass */
	unsigned bad_passes;
	uint64_t not_before_ms;
};

int last_pass_init(struct fetch *f)
{
	f->last_pass = calloc(1, sizeof *f->last_pass);
	return f->last_pass ? 0 : -ENOMEM;
}

void last_pass_free(struct fetch *f)
{
	if (f->last_pass)
		bitmap_free(&f->last_pass->written);
	free(f->last_pass);
}

void last_pass_note(struct fetch *f, uint64_t start, uint32_t count)
{
	struct last_pass *p = f->last_pass;
	uint64_t block;

	if (!f->options->store_path || f->options->verify_none)
		return;
	/* Without memory for it there is no pass. */
	if (!p->written.words && bitmap_init(&p->written, f->scheduler.blocks))
		return;
	for (block = start; block < start + count; block++)
		if (!bitmap_set(&p->written, block))
			p->written_blocks++;
}

bool last_pass_is_done(const struct fetch *f)
{
	return !f->last_pass->written_blocks;
}

static bool is_due(const struct fetch *f)
{
	return !last_pass_is_done(f) && store_present_blocks(f->store) == f->scheduler.blocks;
}

uint64_t last_pass_in_ms(const struct fetch *f)
{
	uint64_t now = clock_ms();

	if (!is_due(f))
		return UINT64_MAX;
	return f->last_pass->not_before_ms > now ? f->last_pass->not_before_ms - now : 0;
}

static void end(struct last_pass *p)
{
	uint64_t pause = (uint64_t)PAUSE_MIN_MS << (p->bad_passes < 10 ? p->bad_passes : 10);

	if (p->has_bad) {
		p->bad_passes++;
		p->not_before_ms = clock_ms() + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
	}
	p->is_running = p->has_bad = false;
	p->looked = 0;
}

/* The tree first, from its top: what a block is verified with has been verified. */
static uint64_t nth_block(const struct fetch *f, uint64_t n)
{
	uint64_t tree = f->scheduler.blocks - f->verity.data_blocks;

	return n < tree ? f->verity.data_blocks + n : n - tree;
}

/* VERDICT_UNKNOWN: its hash block has just been dropped. */
static enum verdict check(struct fetch *f, uint64_t block)
{
	uint64_t offset = block * STORE_BLOCK, left = f->size_bytes - offset, needed;
	uint8_t bytes[STORE_BLOCK] = { 0 }, own[STORE_BLOCK];

	if (store_read(f->store, bytes, offset, left < STORE_BLOCK ? (uint32_t)left : STORE_BLOCK))
		return VERDICT_BAD;
	if (hash_cache_fill_superblock(f->hash_cache, block, own))
		return memcmp(bytes, own, sizeof own) ? VERDICT_BAD : VERDICT_GOOD;
	return hash_cache_check(f->hash_cache, block, bytes, &needed);
}

static void reject(struct fetch *f, uint64_t block)
{
	if (!f->last_pass->has_bad)
		log_say(f->log, LOG_WARN, "store=%s: block %" PRIu64 " has changed since it was written; such blocks are fetched again",
			f->options->store_path, block);
	f->last_pass->has_bad = true;
	hash_cache_forget(f->hash_cache, block);
	store_drop(f->store, block);
	scheduler_release(&f->scheduler, block, 1);
}

bool last_pass_step(struct fetch *f)
{
	struct last_pass *p = f->last_pass;
	unsigned n = 0, looks = 0;
	enum verdict verdict;
	uint64_t block;

	if (!p->is_running && (!is_due(f) || clock_ms() < p->not_before_ms))
		return false;
	p->is_running = true;
	for (; n < CHECKED_AT_ONCE && looks < LOOKS_AT_ONCE && p->looked < f->scheduler.blocks; looks++) {
		block = nth_block(f, p->looked++);
		if (!bitmap_test(&p->written, block))
			continue;
		n++;
		verdict = store_has(f->store, block) ? check(f, block) : VERDICT_UNKNOWN;
		if (verdict == VERDICT_UNKNOWN)
			continue;
		bitmap_clear(&p->written, block);
		p->written_blocks--;
		if (verdict == VERDICT_BAD)
			reject(f, block);
	}
	if (p->looked < f->scheduler.blocks)
		return true;
	end(p);
	return false;
}
