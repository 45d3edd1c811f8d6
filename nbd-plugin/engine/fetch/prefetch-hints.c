/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/profile.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/revalidation.h"
#include "engine/format/compressed-file.h"
#include "engine/format/seek-table.h"
#include "engine/format/squashfs-superblock.h"

/* After a fault, doubling each time up to the longest pause. */
#define ASK_AGAIN_MS 1000
#define ASK_AGAIN_MAX_MS 600000
/* After a request that could not be sent. */
#define SEND_AGAIN_MS 250
/* After this number of faults, a boot goes on as one without a profile. */
#define TRIES_MAX 4
/* The most of the tables that is fetched without a read. */
#define TABLES_MAX (4ULL << 20)
/* A mount reads this much of their end. */
#define TABLES_LAST (64ULL << 10)

/* A profile is scheduled in slices of this time, so that reads are served between them ... */
#define SLICE_MS 4
/* ... and each of its extents in pieces of this size. */
#define PIECE_BYTES (16ULL << 20)
/* The most that is scheduled before the image is open, when nothing has been verified. */
#define GUESS_MAX_BLOCKS 2048

/* WANTED: the image seems to be a seekable file.  BEGUN: its end is scheduled.  NONE: or all of it is. */
enum seek_table_state { SEEK_TABLE_NONE, SEEK_TABLE_WANTED, SEEK_TABLE_BEGUN };

enum hint_state { HINT_DUE, HINT_ASKED, HINT_HERE, HINT_SCHEDULING, HINT_SCHEDULED, HINT_NONE };

struct prefetch_hints {
	enum hint_state state;
	struct origin_request request;
	char *text;		/* PROFILE_MAX_BYTES; NULL once it is of no use */
	size_t length;
	unsigned tries;
	uint64_t again_ms;
	bool with_image;	/* not before the next request for the image that is not open */
	bool has_profile;
	bool has_tables;	/* the tables of a squashfs are scheduled */
	enum seek_table_state seek_table;
	struct profile profile;	/* while it is being scheduled */
	size_t at;		/* the next of its entries */
	uint64_t at_offset;	/* bytes of that entry that are scheduled */
};

static int read_file(struct fetch *f, const char *path)
{
	struct prefetch_hints *h = f->hints;
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

/* From all zero. */
static int begin(struct fetch *f)
{
	const char *where = f->options->profile;
	struct prefetch_hints *h = f->hints;

	if (where && !strcmp(where, "none")) {
		h->state = HINT_NONE;
		return 0;
	}
	h->text = malloc(PROFILE_MAX_BYTES);
	if (!h->text)
		return -ENOMEM;
	h->state = HINT_DUE;
	if (!where || parse_is_url(where))
		return 0;
	h->state = HINT_HERE;
	return read_file(f, where);
}

int prefetch_hints_init(struct fetch *f)
{
	f->hints = calloc(1, sizeof *f->hints);
	return f->hints ? begin(f) : -ENOMEM;
}

void prefetch_hints_free(struct fetch *f)
{
	if (f->hints) {
		free(f->hints->text);
		profile_free(&f->hints->profile);
	}
	free(f->hints);
}

static void give_up(struct prefetch_hints *h)
{
	h->state = HINT_NONE;
	free(h->text);
	h->text = NULL;
}

void prefetch_hints_renew(struct fetch *f)
{
	struct prefetch_hints *h = f->hints;

	h->at = 0;
	h->at_offset = 0;
	h->has_tables = false;
	h->seek_table = SEEK_TABLE_NONE;
	if (h->state != HINT_SCHEDULED)
		return;
	*h = (struct prefetch_hints){ .state = HINT_NONE };
	if (begin(f))
		give_up(h);
}

void prefetch_hints_ask(struct fetch *f)
{
	struct prefetch_hints *h = f->hints;

	if (h->state != HINT_DUE || clock_ms() < h->again_ms || (h->with_image && !f->is_open))
		return;
	h->with_image = false;
	h->request = (struct origin_request){ .is_profile = true, .length = PROFILE_MAX_BYTES,
					      .avoid = -1 };
	h->length = 0;
	if (!origins_start(f->origins, &h->request))
		h->state = HINT_ASKED;
	else if (f->is_open)
		h->again_ms = clock_ms() + SEND_AGAIN_MS;
}

void prefetch_hints_image_asked(struct fetch *f)
{
	f->hints->with_image = false;
}

void prefetch_hints_receive(struct fetch *f, const uint8_t *bytes, size_t count)
{
	struct prefetch_hints *h = f->hints;

	memcpy(h->text + h->length, bytes, count);
	h->length += count;
}

/* Milliseconds until a request that failed is worth another. */
static uint64_t pause_ms(const struct prefetch_hints *h)
{
	uint64_t wish = h->request.retry_after_s * 1000ULL;
	uint64_t pause = backoff_ms(ASK_AGAIN_MS, ASK_AGAIN_MAX_MS, h->tries - 1);

	return wish > pause ? backoff_wish_ms(wish, clock_ms()) : pause;
}

static void ask_later(struct fetch *f)
{
	struct prefetch_hints *h = f->hints;

	h->tries++;
	h->again_ms = clock_ms() + pause_ms(h);
	if (h->tries == TRIES_MAX)
		log_say(f->log, LOG_NOTE, "profile: %u requests failed; going on without it, and asking less and less often",
			TRIES_MAX);
}

void prefetch_hints_end(struct fetch *f, enum fault fault)
{
	struct prefetch_hints *h = f->hints;

	h->state = HINT_DUE;
	if (!fault) {
		h->state = HINT_HERE;
	} else if (fault == FAULT_STATUS) {
		give_up(h);
	} else if (!f->is_open && (fault == FAULT_RESOLVE || fault == FAULT_CONNECT)) {
		/* There is no network yet. */
		h->again_ms = 0;
		h->with_image = true;
	} else {
		ask_later(f);
	}
}

/* Schedules blocks, and before them the hash blocks that they are checked with. */
static int expect(struct fetch *f, uint64_t start, uint64_t end)
{
	uint64_t parents[VERITY_MAX_LEVELS], block = start, stop, parent;
	unsigned n;
	int err = 0;

	while (!err && (block = scheduler_next_unexpected(&f->scheduler, block)) < end) {
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

/* Whether a profile may be of this image, as far as its header says. */
static bool is_of_this_image(const struct fetch *f, const struct profile *p)
{
	uint8_t hash[sizeof f->options->roothash];

	if (f->options->verify_none || !p->roothash[0])
		return true;
	return !parse_roothash(p->roothash, hash) &&
	       !memcmp(hash, f->options->roothash, sizeof hash);
}

static void end_scheduling(struct fetch *f, int err)
{
	struct prefetch_hints *h = f->hints;

	if (err)
		log_say(f->log, LOG_WARN, "profile: %s; only the first %zu of %zu extents are fetched ahead",
			strerror(-err), h->at, h->profile.count);
	log_say(f->log, LOG_NOTE, "profile: a boot needs %" PRIu64 " KiB that are not here yet",
		f->scheduler.expected_left * STORE_BLOCK / 1024);
	profile_free(&h->profile);
	h->state = HINT_SCHEDULED;
	revalidation_restart(f);
}

/* Steps over the blocks of an entry, from its byte at_offset on, that are scheduled or here. */
static void step_over(struct fetch *f, const struct profile_entry *entry)
{
	struct prefetch_hints *h = f->hints;
	uint64_t start = entry->offset + h->at_offset, next;

	if (start >= f->size_bytes)
		return;
	next = scheduler_next_unexpected(&f->scheduler, start / STORE_BLOCK) * STORE_BLOCK;
	if (next > start)
		h->at_offset = next - entry->offset;
}

/* Schedules the next piece of an entry.  Returns 0 or -ENOMEM. */
static int schedule_piece(struct fetch *f)
{
	struct prefetch_hints *h = f->hints;
	const struct profile_entry *entry = &h->profile.entries[h->at];
	uint64_t start, length;
	int err = 0;

	step_over(f, entry);
	start = entry->offset + h->at_offset;
	if (h->at_offset < entry->length && start < f->size_bytes) {
		length = entry->length - h->at_offset;
		if (length > PIECE_BYTES)
			length = PIECE_BYTES;
		err = expect_bytes(f, start, start + length);
		h->at_offset += length;
		return err;
	}
	h->at++;
	h->at_offset = 0;
	return err;
}

static void schedule_slice(struct fetch *f)
{
	struct prefetch_hints *h = f->hints;
	uint64_t until = clock_ms() + SLICE_MS;
	int err = 0;

	while (!err && h->at < h->profile.count) {
		if (!f->is_open && f->scheduler.expected_left >= GUESS_MAX_BLOCKS)
			return;
		err = schedule_piece(f);
		if (!err && clock_ms() > until)
			return;
	}
	end_scheduling(f, err);
}

static void parse_profile(struct fetch *f)
{
	struct prefetch_hints *h = f->hints;
	struct profile *p = &h->profile;
	char why[128];

	if (profile_parse(h->text, h->length, p, why, sizeof why))
		log_say(f->log, LOG_WARN, "profile: syntax error, using the lines before it: %s", why);
	if (!is_of_this_image(f, p)) {
		log_say(f->log, LOG_NOTE, "profile: not used, because it is of another image (roothash=%.16s…); farroot profile files can translate it",
			p->roothash);
		p->count = 0;
	}
	give_up(h);
	h->has_profile = p->count > 0;
	if (h->has_profile)
		h->state = HINT_SCHEDULING;
	else
		profile_free(p);
}

/* The seek table of a compressed image is at the end of its data, and is read before anything else.
 * Its footer, in the last block, tells its size.
 */
static void schedule_seek_table(struct fetch *f)
{
	uint64_t end = f->options->verify_none ? f->size_bytes : f->verity.data_blocks * VERITY_BLOCK_SIZE;
	uint8_t footer[SEEK_TABLE_FOOTER];
	struct seek_table_place place = { .offset = end > TABLES_LAST ? end - TABLES_LAST : 0 };
	char why[SEEK_TABLE_WHY];

	if (f->hints->seek_table == SEEK_TABLE_WANTED) {
		f->hints->seek_table = SEEK_TABLE_BEGUN;
	} else {
		if (end < sizeof footer || store_read(f->store, footer, end - sizeof footer, sizeof footer))
			return;
		f->hints->seek_table = SEEK_TABLE_NONE;
		/* What is wrong with it is said when it is read. */
		if (seek_table_find(footer, end, &place, why))
			return;
	}
	if (expect_bytes(f, place.offset, end))
		log_say(f->log, LOG_WARN, "out of memory: the seek table is not fetched ahead");
}

/* Once block 0 is here: if it is a squashfs' or one of zstd, its tables will be read. */
static void schedule_tables(struct fetch *f)
{
	uint8_t bytes[SQUASHFS_SUPERBLOCK_SIZE];
	struct squashfs_tables t;
	uint64_t first, last;
	const char *program;

	if (f->size_bytes < sizeof bytes || store_read(f->store, bytes, 0, sizeof bytes))
		return;
	f->hints->has_tables = true;
	if (f->hints->state == HINT_NONE)
		f->hints->state = HINT_SCHEDULED;
	program = f->options->decompress ? compressed_file_program(bytes, sizeof bytes) : NULL;
	if (program && !strcmp(program, "zstd"))
		f->hints->seek_table = SEEK_TABLE_WANTED;
	if (!squashfs_superblock_tables(bytes, sizeof bytes, f->size_bytes, &t))
		return;
	first = t.end - t.inodes > TABLES_MAX ? t.end - TABLES_MAX : t.inodes;
	last = t.end - first > TABLES_LAST ? t.end - TABLES_LAST : first;
	if (expect_bytes(f, last, t.end) || expect_bytes(f, first, last))
		log_say(f->log, LOG_WARN, "out of memory: the tables of the squashfs are not fetched ahead");
}

uint64_t prefetch_hints_in_ms(const struct fetch *f)
{
	uint64_t now = clock_ms(), again_ms = f->hints->again_ms;

	if (f->hints->state == HINT_SCHEDULING && f->is_open)
		return 0;
	if (f->hints->state != HINT_DUE || f->is_materialized)
		return UINT64_MAX;
	return again_ms > now ? again_ms - now : 0;
}

/* There is no profile, or none came in time. */
static bool is_given_up(const struct prefetch_hints *h)
{
	return h->state == HINT_NONE ||
	       ((h->state == HINT_DUE || h->state == HINT_ASKED) && h->tries >= TRIES_MAX);
}

void prefetch_hints_step(struct fetch *f)
{
	if (!f->is_materialized)
		prefetch_hints_ask(f);
	if (f->hints->state == HINT_HERE)
		parse_profile(f);
	if (f->hints->state == HINT_SCHEDULING)
		schedule_slice(f);
	if (is_given_up(f->hints) && !f->hints->has_tables)
		schedule_tables(f);
	if (f->hints->seek_table)
		schedule_seek_table(f);
}

bool prefetch_hints_are_here(const struct fetch *f)
{
	return f->hints->state == HINT_HERE;
}

bool prefetch_hints_have_profile(const struct fetch *f)
{
	return f->hints->has_profile;
}

bool prefetch_hints_are_without_profile(const struct fetch *f)
{
	const struct prefetch_hints *h = f->hints;

	return is_given_up(h) || (h->state == HINT_SCHEDULED && !h->has_profile);
}
