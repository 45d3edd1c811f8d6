/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "engine/fetch/bootstrap.h"
#include "engine/fetch/completion.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/prefetch-hints.h"
#include "engine/fetch/size-setup.h"
#include "engine/fetch/speculative-open.h"
#include "engine/store/capacity.h"

/* Milliseconds, at most, between two steps: the profile is requested in time, and the
 * status is of now.
 */
#define TICK_MS 500
#define PAUSE_FIRST_MS 500
/* A wrong image stays wrong for long: pauses grow on, as those of a corrupt origin, with 1/32 of
 * the time since the first one.
 */
#define PAUSE_MAX_MS 30000
#define PAUSE_PART 32
/* Superblock, top, and one more block: what TCP sends before the first acknowledgement, ten
 * segments.  More blocks would need a second round trip.
 */
#define TOP_BLOCKS 3
/* After this many faults of the top, the size is asked for again. */
#define TOP_FAULTS_MAX 3

enum bootstrap_state { BOOTSTRAP_SIZE, BOOTSTRAP_TOP };

struct bootstrap {
	enum bootstrap_state state;
	struct inflight *request;	/* in flight or ended; NULL: none */
	struct size_claim claim;	/* size_bytes 0: no origin has answered */
	int claimed_by;			/* the origin; -1: size= */
	struct inflight *first;		/* block 0, not verified; NULL with size= */
	struct verity verity;		/* once the top has verified */
	unsigned top_faults;
	unsigned setbacks;
	uint64_t first_setback_ms;
	uint64_t paused_until_ms;
	bool has_guessed;
	bool has_tried_store;
};

int bootstrap_init(struct fetch *f)
{
	f->bootstrap = calloc(1, sizeof *f->bootstrap);
	return f->bootstrap ? 0 : -ENOMEM;
}

void bootstrap_free(struct fetch *f)
{
	if (!f->bootstrap)
		return;
	inflight_free(f->bootstrap->request);
	inflight_free(f->bootstrap->first);
	free(f->bootstrap);
}

/* The size of the image whose origins have a file of this size: with hash-tree=, the tree is in
 * another one.  0: there is no such image.
 */
static uint64_t image_bytes(const struct fetch *f, uint64_t file_bytes)
{
	uint64_t blocks = file_bytes / VERITY_BLOCK_SIZE;

	if (!f->options->hash_tree)
		return file_bytes;
	if (file_bytes % VERITY_BLOCK_SIZE || blocks < 2 || blocks > UINT32_MAX)
		return 0;
	return verity_total_blocks(blocks) * VERITY_BLOCK_SIZE;
}

/* Where the superblock and the top of the tree are in an image of this size. */
static void begin_top(struct fetch *f)
{
	struct bootstrap *b = f->bootstrap;
	uint64_t total = b->claim.size_bytes / VERITY_BLOCK_SIZE;
	uint64_t data_blocks = verity_data_blocks(total);
	/* A single data block is its own top, and the only block that proves the salt. */
	uint64_t start = data_blocks == 1 ? 0 : data_blocks;

	b->claim.top_start = start;
	b->claim.top_count = total - start < TOP_BLOCKS ? (uint32_t)(total - start) : TOP_BLOCKS;
	b->top_faults = 0;
	b->state = BOOTSTRAP_TOP;
	if (f->options->hash_tree)
		origins_set_split(f->origins, data_blocks * VERITY_BLOCK_SIZE);
}

/* 0 until there was a set-back for each origin. */
static uint64_t pause_ms(const struct fetch *f, uint64_t now_ms)
{
	unsigned turns = (unsigned)f->options->url_count, setbacks = f->bootstrap->setbacks;
	uint64_t grown = (now_ms - f->bootstrap->first_setback_ms) / PAUSE_PART;
	uint64_t pause;

	if (setbacks < turns)
		return 0;
	if (grown > PAUSE_MAX_MS)
		grown = PAUSE_MAX_MS;
	pause = backoff_ms(PAUSE_FIRST_MS, f->options->http.retry_max_ms, setbacks - turns);
	return pause > grown ? pause : grown;
}

/* The answers of the origins contradict each other: begins again. */
static void set_back(struct fetch *f)
{
	struct bootstrap *b = f->bootstrap;
	uint64_t now = clock_ms();

	if (f->size_bytes)
		size_forget(f);
	inflight_free(b->first);
	b->first = NULL;
	b->claim = (struct size_claim){ 0 };
	b->state = BOOTSTRAP_SIZE;
	origins_set_split(f->origins, 0);
	if (!b->setbacks++)
		b->first_setback_ms = now;
	b->paused_until_ms = now + pause_ms(f, now);
}

/* Counts and logs that an origin was refuted. */
static void note_refuted(struct fetch *f, int origin, const char *why)
{
	uint64_t now = clock_ms(), until = f->bootstrap->paused_until_ms;

	f->faults[FAULT_TOTAL]++;
	origins_log_refuted(f->origins, origin, why, until > now ? until - now : 0);
}

/* An origin's claim of a size cannot be. */
static void refute(struct fetch *f, int origin, const char *why)
{
	origins_refute(f->origins, origin);
	set_back(f);
	note_refuted(f, origin, why);
}

/* Opening */

/* The image does not fit into the memory that it may use. */
static void announce_streaming(const struct fetch *f)
{
	uint64_t image_mib = f->size_bytes >> 20, cache_mib = store_capacity_bytes(f->store) >> 20;

	if (f->options->cache_kind == CACHE_DEFAULT)
		log_say(f->log, LOG_NOTE, "the image has %" PRIu64 " MiB, its cache at most %" PRIu64 " of the %" PRIu64 " MiB of memory that are available (the rest is for programs, changed files and the page cache): it is streamed and never becomes complete; cache= changes that",
			image_mib, cache_mib, capacity_memory_available() >> 20);
	else
		log_say(f->log, LOG_NOTE, "the image has %" PRIu64 " MiB, its cache at most %" PRIu64 " MiB of memory (cache=): it is streamed and never becomes complete",
			image_mib, cache_mib);
}

static void announce(const struct fetch *f)
{
	uint64_t capacity = store_capacity_bytes(f->store);

	log_say(f->log, LOG_NOTE, "image of %" PRIu64 " bytes; store %s holds up to %" PRIu64 " MiB, %s; fill is %s",
		f->size_bytes, f->options->store_path ? f->options->store_path : "in memory",
		capacity >> 20, capacity >= f->size_bytes ? "all of it" : "not all of it",
		!f->fills ? "off" : f->fills_now ? "on" : "on once reads have calmed down");
	if (capacity < f->size_bytes && store_is_in_memory(f->store))
		announce_streaming(f);
	if (!f->options->verify_none && !f->verity.size_is_pinned && !f->options->size_bytes)
		log_say(f->log, LOG_NOTE, "this image was not made by farroot pack; give size=%" PRIu64 " to pin its size",
			f->options->hash_tree ? f->verity.data_blocks * VERITY_BLOCK_SIZE : f->size_bytes);
}

/* The blocks of an answer can be checked now: moves it to the in-flight set. */
static void adopt(struct fetch *f, struct inflight *inflight)
{
	uint32_t i;

	if (!inflight)
		return;
	scheduler_mark_busy(&f->scheduler, inflight->start, inflight->arrived);
	scheduler_release(&f->scheduler, inflight->start + inflight->arrived,
			  inflight->count - inflight->arrived);
	for (i = inflight->arrived; i < inflight->count; i++)
		inflight_judge(inflight, i);
	inflight_set_add(&f->inflight, inflight);
}

/* The size and the layout have been verified. */
static int open_image(struct fetch *f, struct inflight *top)
{
	const struct options *options = f->options;
	struct bootstrap *b = f->bootstrap;
	struct inflight *inflight;
	int err = 0;

	if (f->size_bytes != b->claim.size_bytes) {
		if (f->size_bytes)
			size_forget(f);
		err = size_setup(f, b->claim.size_bytes);
	}
	verity_free(&f->verity);
	if (!options->verify_none)
		f->verity = b->verity;
	if (!err && !options->verify_none && !store_is_in_memory(f->store))
		err = disk_check_new(&f->verity, &f->disk_check);
	if (!err)
		hash_cache_set_check(f->hash_cache, f->disk_check);
	if (err) {
		inflight_free(top);
		return err;
	}
	f->is_open = true;
	f->opened_ms = clock_ms();
	origins_set_total(f->origins, f->size_bytes);
	f->fills = options->fill == FILL_DEFAULT ? store_capacity_bytes(f->store) >= f->size_bytes :
		   options->fill != FILL_NO;
	f->fills_now = options->fill == FILL_YES;
	announce(f);
	adopt(f, b->first);
	b->first = NULL;
	adopt(f, top);
	for (inflight = f->inflight.first; inflight; inflight = inflight->next)
		completion_judge(f, inflight);
	/* Not before: the requests above are judged at once, in this thread. */
	if (!options->verify_none)
		completion_start_hash_thread(f);
	return 0;
}

/* The answers */

static int take_size(struct fetch *f, struct inflight *request)
{
	struct bootstrap *b = f->bootstrap;
	uint64_t reported = origins_reported_total(f->origins, request->request.origin);
	uint64_t size = image_bytes(f, reported);
	char why[160];
	int err;

	if (!f->options->verify_none &&
	    (size % VERITY_BLOCK_SIZE || !verity_data_blocks(size / VERITY_BLOCK_SIZE))) {
		snprintf(why, sizeof why, f->options->hash_tree ?
			 "%" PRIu64 " bytes is no size of the data of an image: it must be a multiple of 4096, at least 8192" :
			 "%" PRIu64 " bytes is no size of an image with a hash tree; was it made by farroot pack?", reported);
		refute(f, request->request.origin, why);
		inflight_free(request);
		return 0;
	}
	b->claim = (struct size_claim){ .size_bytes = size, .first_count = request->count };
	b->claimed_by = request->request.origin;
	b->first = request;
	if (!f->options->verify_none) {
		begin_top(f);
		return 0;
	}
	err = open_image(f, NULL);
	if (!err)
		return 0;
	/* One origin's claim, which nothing proves. */
	snprintf(why, sizeof why, "an image of %" PRIu64 " bytes cannot be opened here: %s", size, strerror(-err));
	refute(f, b->claimed_by, why);
	return 0;
}

/* NULL, or what is wrong with this top, the blocks from start on. */
static const char *check_top(struct fetch *f, uint64_t start, const uint8_t *bytes)
{
	struct bootstrap *b = f->bootstrap;
	uint64_t data_blocks = verity_data_blocks(b->claim.size_bytes / VERITY_BLOCK_SIZE), top;
	const uint8_t *superblock = bytes + (data_blocks - start) * VERITY_BLOCK_SIZE;
	struct verity_superblock sb;
	const char *why = NULL;
	int err;

	if (verity_superblock_parse(superblock, VERITY_BLOCK_SIZE, &sb, &why))
		return why ? why : "no dm-verity superblock at its place";
	if (sb.data_blocks != data_blocks)
		return "superblock and size of the file contradict each other";
	err = verity_init(&b->verity, data_blocks, sb.salt, sb.salt_size, f->options->roothash);
	if (err)
		return err == -ENOMEM ? "out of memory" :
		       "the salt pins another size: this is not the whole image";
	top = b->verity.levels ? b->verity.level_start[b->verity.levels - 1] : 0;
	if (!verity_check(&b->verity, top, bytes + (top - start) * VERITY_BLOCK_SIZE, NULL)) {
		verity_free(&b->verity);
		return "hash tree does not match roothash=: another image, or a damaged one";
	}
	return NULL;
}

/* The top contradicts the size that was claimed.  If no other origin can be asked at once,
 * the top is asked for again: not before the first set-back, once after it, twice after
 * each later one.  With the same number of requests between all set-backs, two backends of
 * one origin that take turns and hold different images could answer each question for the
 * size from one image, and each question for the top from the other.
 */
static void take_contradiction(struct fetch *f, const struct inflight *request)
{
	struct bootstrap *b = f->bootstrap;
	unsigned most = b->setbacks + 1 < TOP_FAULTS_MAX ? b->setbacks + 1 : TOP_FAULTS_MAX;

	if (request->request.origin != b->claimed_by || !origins_wait_ms(f->origins) ||
	    ++b->top_faults >= most)
		set_back(f);
}

static int take_top(struct fetch *f, struct inflight *request)
{
	const char *why = check_top(f, request->start, request->bytes);
	int origin = request->request.origin;

	if (!why)
		return open_image(f, request);
	origins_refute(f->origins, origin);
	take_contradiction(f, request);
	note_refuted(f, origin, why);
	inflight_free(request);
	return 0;
}

/* The origin is in backoff already.  If the size is an origin's claim, the claim may be
 * the cause.
 */
static void take_fault(struct fetch *f, const struct inflight *request)
{
	struct bootstrap *b = f->bootstrap;

	if (b->state != BOOTSTRAP_TOP || f->options->size_bytes)
		return;
	if (request->fault == FAULT_TOTAL)
		take_contradiction(f, request);
	else if (request->request.origin != b->claimed_by || ++b->top_faults >= TOP_FAULTS_MAX)
		set_back(f);
}

static int take_answer(struct fetch *f)
{
	struct inflight *request = f->bootstrap->request;

	f->bootstrap->request = NULL;
	if (request->fault) {
		take_fault(f, request);
		inflight_free(request);
		return 0;
	}
	return f->bootstrap->state == BOOTSTRAP_SIZE ? take_size(f, request) : take_top(f, request);
}

/* The requests */

/* Sends the request of this state, if that is possible now. */
static void send_request(struct fetch *f)
{
	struct bootstrap *b = f->bootstrap;
	struct extent extent = { .count = 1, .avoid = -1, .suspect = b->setbacks > 0 };
	struct inflight *request;
	int err;

	if (clock_ms() < b->paused_until_ms)
		return;
	if (b->state == BOOTSTRAP_TOP) {
		extent.start = b->claim.top_start;
		extent.count = b->claim.top_count;
	}
	origins_set_claim(f->origins, b->claim.size_bytes, b->state == BOOTSTRAP_TOP ? b->claimed_by : -1);
	request = inflight_new(NULL, &extent, CLASS_BOOTSTRAP, b->claim.size_bytes);
	err = request ? origins_start(f->origins, &request->request) : -ENOMEM;
	if (err) {
		inflight_free(request);
		/* The origin that has claimed this size has failed, and another one can be asked. */
		if (err == -EAGAIN && b->state == BOOTSTRAP_TOP && b->claimed_by >= 0 &&
		    !origins_wait_ms(f->origins))
			set_back(f);
		return;
	}
	b->request = request;
	prefetch_hints_image_asked(f);
}

static void guess(struct fetch *f)
{
	struct bootstrap *b = f->bootstrap;

	if (b->state == BOOTSTRAP_TOP && !b->has_guessed && speculative_open_may_begin(f)) {
		b->has_guessed = true;
		speculative_open_begin(f, &b->claim);
	}
	if (f->size_bytes)
		speculative_open_step(f);
}

/* With size= no request for the size is needed. */
static int skip_size(struct fetch *f)
{
	struct bootstrap *b = f->bootstrap;

	b->claim.size_bytes = image_bytes(f, f->options->size_bytes);
	b->claimed_by = -1;
	if (!f->options->verify_none) {
		begin_top(f);
		return 0;
	}
	return open_image(f, NULL);
}

/* Opens what a server of before has left in the store, without an origin: if the top is there,
 * and verifies, and the root hash or size= says that this is the size.
 */
static int try_store(struct fetch *f)
{
	uint8_t bytes[TOP_BLOCKS * VERITY_BLOCK_SIZE];
	struct bootstrap *b = f->bootstrap;
	uint64_t wanted = image_bytes(f, f->options->size_bytes);
	int fd = store_disk_fd(f->store);
	struct stat st;
	size_t count;

	b->has_tried_store = true;
	if (fd < 0 || f->options->verify_none || fstat(fd, &st) || st.st_size % VERITY_BLOCK_SIZE ||
	    !verity_data_blocks((uint64_t)st.st_size / VERITY_BLOCK_SIZE) ||
	    (wanted && wanted != (uint64_t)st.st_size))
		return 0;
	b->claim.size_bytes = (uint64_t)st.st_size;
	begin_top(f);
	count = b->claim.top_count * VERITY_BLOCK_SIZE;
	if (pread(fd, bytes, count, (off_t)(b->claim.top_start * VERITY_BLOCK_SIZE)) == (ssize_t)count &&
	    !check_top(f, b->claim.top_start, bytes)) {
		if (b->verity.size_is_pinned || wanted)
			return open_image(f, NULL);
		verity_free(&b->verity);
	}
	b->claim = (struct size_claim){ 0 };
	b->state = BOOTSTRAP_SIZE;
	origins_set_split(f->origins, 0);
	return 0;
}

int bootstrap_step(struct fetch *f)
{
	struct bootstrap *b = f->bootstrap;
	int err = 0;

	if (!b->has_tried_store)
		err = try_store(f);
	if (err || f->is_open)
		return err;
	if (b->request && b->request->ended)
		err = take_answer(f);
	if (!err && !f->is_open && b->state == BOOTSTRAP_SIZE && f->options->size_bytes)
		err = skip_size(f);
	if (err || f->is_open)
		return err;
	if (!b->request)
		send_request(f);
	/* In the same round trip as the first request for the image. */
	prefetch_hints_ask(f);
	guess(f);
	return 0;
}

uint64_t bootstrap_in_ms(const struct fetch *f)
{
	const struct bootstrap *b = f->bootstrap;
	uint64_t now = clock_ms(), ms = TICK_MS;

	if (!b->request)
		ms = now < b->paused_until_ms ? b->paused_until_ms - now : origins_wait_ms(f->origins);
	/* origins_wait_ms of 0: the origin takes no more requests at once. */
	return ms && ms < TICK_MS ? ms : TICK_MS;
}
