/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "pack/frame-compressor.h"

#define THREADS_MAX 64U
/* While the caller waits for the oldest frame, each thread has another one. */
#define SLOTS_PER_THREAD 2U

enum slot_state { SLOT_EMPTY, SLOT_FULL, SLOT_BUSY, SLOT_DONE };

struct slot {
	enum slot_state state;	/* all below belongs to the caller, but to a thread while busy */
	uint8_t *bytes, *compressed;
	uint32_t size;
	size_t compressed_size;	/* 0: no memory */
};

struct frame_compressor {
	int level;
	uint32_t frame_bytes;
	size_t space;		/* of a compressed frame */
	frame_sink *sink;
	void *ctx;
	struct slot *slots;
	unsigned slot_count, thread_count;
	unsigned oldest, next;	/* the caller's: slots of the oldest frame and of the next one */
	unsigned in_use;
	pthread_t threads[THREADS_MAX];

	pthread_mutex_t lock;	/* for the states, and what follows */
	pthread_cond_t is_full, is_done;
	unsigned next_full;	/* threads take slots in order */
	bool ends;
};

static unsigned cpus(void)
{
	cpu_set_t set;
	unsigned n = 1;

	if (!sched_getaffinity(0, sizeof set, &set))
		n = (unsigned)CPU_COUNT(&set);
	return n < THREADS_MAX ? n : THREADS_MAX;
}

/* Returns 0 if there is no memory. */
static size_t compress(ZSTD_CCtx *ctx, const uint8_t *bytes, size_t size, uint8_t *out, size_t space)
{
	size_t got = ctx ? ZSTD_compress2(ctx, out, space, bytes, size) : 0;

	return ZSTD_isError(got) ? 0 : got;
}

/* The same settings for all frames.  NULL: no memory. */
static ZSTD_CCtx *new_context(int level)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	if (ctx) {
		ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level);
		ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	}
	return ctx;
}

/* The next slot to compress, which is busy then; NULL: the thread must end. */
static struct slot *take(struct frame_compressor *c)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&c->lock);
	while (!c->ends && c->slots[c->next_full].state != SLOT_FULL)
		pthread_cond_wait(&c->is_full, &c->lock);
	if (!c->ends) {
		slot = &c->slots[c->next_full];
		c->next_full = (c->next_full + 1) % c->slot_count;
		slot->state = SLOT_BUSY;
	}
	pthread_mutex_unlock(&c->lock);
	return slot;
}

static void *work(void *ctx)
{
	struct frame_compressor *c = ctx;
	ZSTD_CCtx *context = new_context(c->level);
	struct slot *slot;

	while ((slot = take(c))) {
		slot->compressed_size = compress(context, slot->bytes, slot->size, slot->compressed, c->space);
		pthread_mutex_lock(&c->lock);
		slot->state = SLOT_DONE;
		pthread_cond_signal(&c->is_done);
		pthread_mutex_unlock(&c->lock);
	}
	ZSTD_freeCCtx(context);
	return NULL;
}

static int start(struct frame_compressor *c, unsigned threads)
{
	unsigned i;
	int err;

	for (i = 0; i < c->slot_count; i++) {
		c->slots[i].bytes = malloc(c->frame_bytes);
		c->slots[i].compressed = malloc(c->space);
		if (!c->slots[i].bytes || !c->slots[i].compressed)
			return -ENOMEM;
	}
	for (; c->thread_count < threads; c->thread_count++) {
		err = pthread_create(&c->threads[c->thread_count], NULL, work, c);
		/* One is enough. */
		if (err)
			return c->thread_count ? 0 : -err;
	}
	return 0;
}

int frame_compressor_new(int level, uint32_t frame_bytes, frame_sink *sink, void *ctx,
			 struct frame_compressor **out)
{
	struct frame_compressor *c = calloc(1, sizeof *c);
	unsigned threads = cpus();
	int err;

	if (!c)
		return -ENOMEM;
	c->level = level;
	c->frame_bytes = frame_bytes;
	c->space = ZSTD_compressBound(frame_bytes);
	c->sink = sink;
	c->ctx = ctx;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->is_full, NULL);
	pthread_cond_init(&c->is_done, NULL);
	c->slots = calloc(threads * SLOTS_PER_THREAD, sizeof *c->slots);
	c->slot_count = c->slots ? threads * SLOTS_PER_THREAD : 0;
	err = c->slots ? start(c, threads) : -ENOMEM;
	if (err)
		frame_compressor_free(c);
	else
		*out = c;
	return err;
}

void frame_compressor_free(struct frame_compressor *c)
{
	unsigned i;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->ends = true;
	pthread_cond_broadcast(&c->is_full);
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < c->thread_count; i++)
		pthread_join(c->threads[i], NULL);
	for (i = 0; i < c->slot_count; i++) {
		free(c->slots[i].bytes);
		free(c->slots[i].compressed);
	}
	free(c->slots);
	pthread_cond_destroy(&c->is_done);
	pthread_cond_destroy(&c->is_full);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Waits for the oldest frame, and gives it away. */
static int give_oldest(struct frame_compressor *c)
{
	struct slot *slot = &c->slots[c->oldest];
	int err;

	pthread_mutex_lock(&c->lock);
	while (slot->state != SLOT_DONE)
		pthread_cond_wait(&c->is_done, &c->lock);
	slot->state = SLOT_EMPTY;
	pthread_mutex_unlock(&c->lock);
	c->oldest = (c->oldest + 1) % c->slot_count;
	c->in_use--;
	err = slot->compressed_size ? 0 : -ENOMEM;
	return err ? err : c->sink(c->ctx, slot->compressed, slot->compressed_size, slot->size);
}

int frame_compressor_add(struct frame_compressor *c, const uint8_t *bytes, uint32_t size)
{
	struct slot *slot = &c->slots[c->next];
	int err = c->in_use == c->slot_count ? give_oldest(c) : 0;

	if (err)
		return err;
	memcpy(slot->bytes, bytes, size);
	slot->size = size;
	pthread_mutex_lock(&c->lock);
	slot->state = SLOT_FULL;
	pthread_cond_signal(&c->is_full);
	pthread_mutex_unlock(&c->lock);
	c->next = (c->next + 1) % c->slot_count;
	c->in_use++;
	return 0;
}

int frame_compressor_finish(struct frame_compressor *c)
{
	int err = 0;

	while (c->in_use && !err)
		err = give_oldest(c);
	return err;
}

size_t frame_of_zeroes(int level, uint32_t size, uint8_t *out, size_t out_size)
{
	ZSTD_CCtx *ctx = new_context(level);
	uint8_t *zeroes = calloc(1, size);
	size_t got = zeroes ? compress(ctx, zeroes, size, out, out_size) : 0;

	free(zeroes);
	ZSTD_freeCCtx(ctx);
	return got;
}
