/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/fetch/delivery.h"
#include "engine/fetch/earlier-image.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/last-pass.h"
#include "engine/fetch/revalidation.h"
#include "engine/verity/holes.h"

/* In one turn of the loop: no read waits for more. */
#define HASHED_AT_ONCE 32
#define LOOKED_FOR_AT_ONCE 32
#define LOOKS_AT_ONCE 4096

/* A place of the table; block is the number in the file plus 1, 0: empty. */
struct place {
	uint32_t tag, block;
};

struct earlier_image {
	int fd;			/* -1: not open yet, or the end */
	bool is_done;
	struct holes holes;
	uint64_t blocks, hashed;
	struct place *table;	/* NULL: none */
	size_t places;		/* a power of two, at least twice the blocks */
	/* First what the profile lists, then, if the image is filled, all. */
	bool is_wide;
	size_t expected_count;	/* of the scheduler, when the search began */
	uint64_t next_block;	/* of this image, to be looked for */
	uint64_t taken;
	uint8_t bytes[HASHED_AT_ONCE * VERITY_BLOCK_SIZE];
};

int earlier_image_init(struct fetch *f)
{
	if (!f->options->earlier_path)
		return 0;
	f->earlier = calloc(1, sizeof *f->earlier);
	if (!f->earlier)
		return -ENOMEM;
	f->earlier->fd = -1;
	return 0;
}

static void release(struct earlier_image *e)
{
	if (e->fd >= 0)
		close(e->fd);
	if (e->table)
		munmap(e->table, e->places * sizeof *e->table);
	e->fd = -1;
	e->table = NULL;
}

void earlier_image_free(struct fetch *f)
{
	if (f->earlier)
		release(f->earlier);
	free(f->earlier);
}

static void end(struct fetch *f)
{
	struct earlier_image *e = f->earlier;

	log_say(f->log, LOG_NOTE, "earlier=%s: %" PRIu64 " of %" PRIu64 " bytes were taken from there",
		f->options->earlier_path, e->taken * STORE_BLOCK, f->size_bytes);
	release(e);
	e->is_done = true;
}

static void give_up(struct fetch *f, int err)
{
	log_say(f->log, err == ENOENT ? LOG_NOTE : LOG_WARN, "earlier=%s: %s; nothing more is taken from there", f->options->earlier_path, strerror(err));
	release(f->earlier);
	f->earlier->is_done = true;
}

/* Returns 0 or an errno. */
static int open_file(struct fetch *f)
{
	struct earlier_image *e = f->earlier;
	struct stat st;
	void *map;

	e->fd = open(f->options->earlier_path, O_RDONLY | O_CLOEXEC);
	if (e->fd < 0 || fstat(e->fd, &st))
		return errno;
	/* A block that is not whole has another digest than any of this image, unless it is padded. */
	e->blocks = S_ISREG(st.st_mode) ? (uint64_t)st.st_size / VERITY_BLOCK_SIZE : 0;
	if (e->blocks >= UINT32_MAX)
		return EFBIG;
	if (!e->blocks)
		return S_ISREG(st.st_mode) ? ENODATA : EINVAL;
	for (e->places = 1; e->places < 2 * e->blocks; )
		e->places *= 2;
	/* What is never written to costs no memory. */
	map = mmap(NULL, e->places * sizeof *e->table, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return ENOMEM;
	e->table = map;
	holes_init(&e->holes, e->fd, e->blocks);
	return 0;
}

static size_t place_of(const struct earlier_image *e, const uint8_t *digest)
{
	uint64_t number;

	memcpy(&number, digest, sizeof number);
	return (size_t)number & (e->places - 1);
}

static uint32_t tag_of(const uint8_t *digest)
{
	uint32_t tag;

	memcpy(&tag, digest + sizeof(uint64_t), sizeof tag);
	return tag;
}

/* One of several blocks with the same digest, such as zeroes, is enough. */
static void add(struct earlier_image *e, const uint8_t *digest, uint64_t block)
{
	size_t at = place_of(e, digest);

	for (; e->table[at].block; at = (at + 1) & (e->places - 1))
		if (e->table[at].tag == tag_of(digest))
			return;
	e->table[at] = (struct place){ tag_of(digest), (uint32_t)block + 1 };
}

/* Hashes the next blocks, or skips a hole.  Returns 0 or an errno. */
static int hash_some(struct fetch *f)
{
	struct earlier_image *e = f->earlier;
	uint8_t digest[VERITY_DIGEST_SIZE];
	uint64_t count, n;
	ssize_t got;

	if (holes_are_at(&e->holes, e->hashed, &count)) {
		e->hashed += count;
		return 0;
	}
	if (count > HASHED_AT_ONCE)
		count = HASHED_AT_ONCE;
	got = pread(e->fd, e->bytes, count * VERITY_BLOCK_SIZE, (off_t)(e->hashed * VERITY_BLOCK_SIZE));
	if (got < 0 && errno == EINTR)
		return 0;
	if (got < VERITY_BLOCK_SIZE)
		return got < 0 ? errno : EIO;
	for (n = 0; n < (uint64_t)got / VERITY_BLOCK_SIZE; n++, e->hashed++) {
		if (verity_digest(&f->verity, e->bytes + n * VERITY_BLOCK_SIZE, digest))
			return ENOMEM;
		add(e, digest, e->hashed);
	}
	return 0;
}

/* Reads a block of the file that may be this block, and publishes it if it is. */
static void try_block(struct fetch *f, uint64_t block, uint64_t in_file)
{
	struct earlier_image *e = f->earlier;
	uint64_t needed;

	if (pread(e->fd, e->bytes, VERITY_BLOCK_SIZE, (off_t)(in_file * VERITY_BLOCK_SIZE)) != VERITY_BLOCK_SIZE ||
	    hash_cache_check(f->hash_cache, block, e->bytes, &needed) != VERDICT_GOOD)
		return;
	delivery_publish(f, block, 1, e->bytes);
	last_pass_note(f, block, 1);
	e->taken++;
}

/* Takes a data block, if the file has it and its digest is known. */
static void take(struct fetch *f, uint64_t block)
{
	const struct earlier_image *e = f->earlier;
	const uint8_t *digest;
	uint64_t needed;
	size_t at;

	digest = hash_cache_digest(f->hash_cache, block, &needed);
	if (!digest)
		return;
	for (at = place_of(e, digest); e->table[at].block; at = (at + 1) & (e->places - 1))
		if (e->table[at].tag == tag_of(digest)) {
			try_block(f, block, e->table[at].block - 1);
			return;
		}
}

/* Nor is it a candidate, which revalidation checks. */
static bool is_absent(const struct fetch *f, uint64_t block)
{
	return !store_has(f->store, block) && !store_is_candidate(f->store, block);
}

static bool is_wanted(const struct fetch *f, uint64_t block)
{
	return is_absent(f, block) && (f->earlier->is_wide || scheduler_is_expected(&f->scheduler, block)) &&
	       !scheduler_is_below_failed(&f->scheduler, block);
}

/* Returns whether there is more to do at once: not while a hash block is awaited. */
static bool look_for_some(struct fetch *f)
{
	struct earlier_image *e = f->earlier;
	unsigned n = 0, looks = 0;
	uint64_t needed;

	if (!e->is_wide && e->expected_count != f->scheduler.expected_count) {
		e->expected_count = f->scheduler.expected_count;
		e->next_block = 0;
	}
	for (; n < LOOKED_FOR_AT_ONCE && looks < LOOKS_AT_ONCE && e->next_block < f->verity.data_blocks; e->next_block++, looks++) {
		if (!is_wanted(f, e->next_block))
			continue;
		if (!store_has_room(f->store, 1)) {
			e->next_block = f->verity.data_blocks;
			break;
		}
		if (hash_cache_misses_parent(f->hash_cache, e->next_block, &needed)) {
			revalidation_need_hash(f, needed);
			if (hash_cache_misses_parent(f->hash_cache, e->next_block, &needed))
				return false;
		}
		take(f, e->next_block);
		n++;
	}
	if (e->next_block < f->verity.data_blocks)
		return true;
	if (e->is_wide)
		end(f);
	else if (f->fills)
		e->next_block = 0;
	else
		return false;	/* until a profile has come, or the whole image is asked for */
	e->is_wide = true;
	return !e->is_done;
}

static void take_demands(struct fetch *f)
{
	struct range *ranges;
	unsigned count, n;
	uint64_t block;

	ranges = scheduler_copy_demands(&f->scheduler, &count);
	for (n = 0; n < count; n++)
		for (block = ranges[n].start; block < ranges[n].end && block < f->verity.data_blocks; block++)
			if (is_absent(f, block))
				take(f, block);
	free(ranges);
}

bool earlier_image_step(struct fetch *f)
{
	struct earlier_image *e = f->earlier;
	int err = 0;

	if (!e || e->is_done)
		return false;
	if (e->fd < 0)
		err = open_file(f);
	else if (e->hashed < e->blocks)
		err = hash_some(f);
	else {
		take_demands(f);
		return look_for_some(f);
	}
	if (err)
		give_up(f, err);
	return !err;
}

bool earlier_image_holds_fill(const struct fetch *f)
{
	return f->earlier && !f->earlier->is_done;
}
