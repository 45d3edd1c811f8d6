/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What is known before anybody asks: a profile from a file or from beside the
 * image, and failing that, where a squashfs has its tables.  All of it is a hint:
 * it changes what is asked for, never what is believed.
 *
 *   due ──ask──► asked ──end──► here ──(size is known)──► planned
 *    ▲             │
 *    └── a fault ──┴── there is none ──► none: the tables of the squashfs
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"
#include "common/profile.h"
#include "engine/format/squashfs-superblock.h"

#define ASK_AGAIN_MS 1000
/* While the image itself has been reached. */
#define TRIES_MAX 5
/* The most of the tables that is fetched unasked. */
#define TABLES_MAX (4ULL << 20)
/* What a mount reads of them is at the end. */
#define TABLES_LAST (64ULL << 10)

static int read_file(struct fetch *f, const char *path)
{
	struct hint *h = &f->hint;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && h->length < PROFILE_MAX_BYTES &&
	       (got = read(fd, h->text + h->length, PROFILE_MAX_BYTES - h->length)) > 0)
		h->length += (size_t)got;
	if (fd < 0 || got < 0) {
		got = -errno;
		log_say(f->log, LOG_WARN, "profile=%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return got < 0 ? (int)got : 0;
}

int fetch_hint_init(struct fetch *f)
{
	const char *where = f->options->profile;
	struct hint *h = &f->hint;
	int err = 0;

	if (where && !strcmp(where, "none")) {
		h->state = HINT_NONE;
		return 0;
	}
	h->text = malloc(PROFILE_MAX_BYTES);
	if (!h->text)
		return -ENOMEM;
	h->state = HINT_DUE;
	if (where && !parse_is_url(where)) {
		err = read_file(f, where);
		h->state = HINT_HERE;
	}
	return err;
}

void fetch_hint_free(struct fetch *f)
{
	free(f->hint.text);
	f->hint.text = NULL;
}

void fetch_hint_renew(struct fetch *f)
{
	if (f->hint.state != HINT_PLANNED)
		return;
	f->has_profile = false;
	f->hint = (struct hint){ 0 };
	if (fetch_hint_init(f))
		f->hint.state = HINT_NONE;
}

static void give_up(struct fetch *f)
{
	f->hint.state = HINT_NONE;
	fetch_hint_free(f);
}

void fetch_hint_ask(struct fetch *f)
{
	struct hint *h = &f->hint;

	if (h->state != HINT_DUE || clock_ms() < h->again_ms)
		return;
	h->request = (struct origin_request){ .is_profile = true, .length = PROFILE_MAX_BYTES,
					      .avoid = -1 };
	h->length = 0;
	if (!origins_start(f->origins, &h->request))
		h->state = HINT_ASKED;
	else if (f->rooted)
		h->again_ms = clock_ms() + ASK_AGAIN_MS / 4;
}

void fetch_hint_bytes(struct fetch *f, const uint8_t *bytes, size_t count)
{
	memcpy(f->hint.text + f->hint.length, bytes, count);
	f->hint.length += count;
}

void fetch_hint_end(struct fetch *f, enum fault fault)
{
	struct hint *h = &f->hint;

	h->state = HINT_DUE;
	h->again_ms = clock_ms() + ASK_AGAIN_MS;
	/* There is no network yet: with the next request for the image. */
	if (!f->rooted && (fault == FAULT_RESOLVE || fault == FAULT_CONNECT))
		h->again_ms = 0;
	if (!fault)
		h->state = HINT_HERE;
	else if (fault == FAULT_STATUS)
		give_up(f);
	else if (f->rooted && ++h->tries == TRIES_MAX) {
		log_say(f->log, LOG_NOTE, "there may be a profile, but it cannot be had; going on without");
		give_up(f);
	}
}

/* Blocks, and before them the hash blocks that it takes to check them. */
static int expect(struct fetch *f, uint64_t start, uint64_t end)
{
	uint64_t parents[VERITY_MAX_LEVELS], block = start, stop, parent;
	unsigned n;
	int err = 0;

	while (block < end && !err) {
		/* All up to there have the same parent. */
		stop = hash_cache_is_hash_block(f->hash_cache, block) ? block + 1 :
		       (block / VERITY_FANOUT + 1) * VERITY_FANOUT;
		if (stop > end)
			stop = end;
		for (n = 0, parent = hash_cache_parent(f->hash_cache, block);
		     parent != VERITY_ROOT && n < VERITY_MAX_LEVELS;
		     parent = hash_cache_parent(f->hash_cache, parent))
			parents[n++] = parent;
		while (n && !err)
			err = scheduler_add_expected(&f->scheduler, parents[--n], 1);
		if (!err)
			err = scheduler_add_expected(&f->scheduler, block, stop - block);
		block = stop;
	}
	return err;
}

static int expect_bytes(struct fetch *f, uint64_t offset, uint64_t end)
{
	if (end > f->size_bytes)
		end = f->size_bytes;
	return offset < end ? expect(f, offset / STORE_BLOCK, (end - 1) / STORE_BLOCK + 1) : 0;
}

/* Whether a profile may be of this image, as far as it says. */
static bool is_of_this_image(const struct fetch *f, const struct profile *p)
{
	uint8_t hash[sizeof f->options->roothash];

	if (f->options->verify_none || !p->roothash[0])
		return true;
	return !parse_roothash(p->roothash, hash) &&
	       !memcmp(hash, f->options->roothash, sizeof hash);
}

static void plan_profile(struct fetch *f)
{
	struct profile p;
	char why[128];
	size_t i;
	int err = profile_parse(f->hint.text, f->hint.length, &p, why, sizeof why);

	if (err)
		log_say(f->log, LOG_WARN, "the profile is used up to a fault in it: %s", why);
	if (!is_of_this_image(f, &p)) {
		log_say(f->log, LOG_NOTE, "the profile is of another image (roothash=%.16s…): not used; farroot profile files can translate it",
			p.roothash);
		p.count = 0;
	}
	for (i = 0, err = 0; i < p.count && !err; i++)
		err = expect_bytes(f, p.entries[i].offset,
				   p.entries[i].offset + p.entries[i].length);
	if (p.count)
		log_say(f->log, LOG_NOTE, "profile: a boot needs %" PRIu64 " KiB that are not here yet",
			f->scheduler.expected_left * STORE_BLOCK / 1024);
	give_up(f);
	f->has_profile = p.count > 0;
	/* It knows better who reads on. */
	if (f->has_profile)
		f->readahead.caution = READAHEAD_CAUTION_MAX;
	if (p.count)
		f->hint.state = HINT_PLANNED;
	profile_free(&p);
}

/* Once: if block 0 is here and is a squashfs', its tables are what will be read. */
static void plan_tables(struct fetch *f)
{
	uint8_t bytes[SQUASHFS_SUPERBLOCK_SIZE];
	struct squashfs_tables t;
	uint64_t first, last;

	if (f->size_bytes < sizeof bytes || store_read(f->store, bytes, 0, sizeof bytes))
		return;
	f->hint.state = HINT_PLANNED;
	if (!squashfs_superblock_tables(bytes, sizeof bytes, f->size_bytes, &t))
		return;
	first = t.end - t.inodes > TABLES_MAX ? t.end - TABLES_MAX : t.inodes;
	last = t.end - first > TABLES_LAST ? t.end - TABLES_LAST : first;
	if (expect_bytes(f, last, t.end) || expect_bytes(f, first, last))
		log_say(f->log, LOG_WARN, "out of memory: the tables of the squashfs come when they are asked for");
}

uint64_t fetch_hint_in_ms(const struct fetch *f)
{
	uint64_t now = clock_ms();

	if (f->hint.state != HINT_DUE || f->materialized)
		return UINT64_MAX;
	return f->hint.again_ms > now ? f->hint.again_ms - now : 0;
}

void fetch_hint_step(struct fetch *f)
{
	if (!f->materialized)
		fetch_hint_ask(f);
	if (f->hint.state == HINT_HERE)
		plan_profile(f);
	if (f->hint.state == HINT_NONE)
		plan_tables(f);
}
