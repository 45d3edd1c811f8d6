/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/fetch/inflight.h"

/* Smaller buffers are not kept in the pool. */
#define SPARE_MIN_BYTES (128U << 10)

static void take_bytes(struct inflight *inflight)
{
	unsigned i;

	/* A larger buffer will do: memory that is not written to costs nothing. */
	for (i = 0; inflight->pool && i < BUFFER_POOL && inflight->size >= SPARE_MIN_BYTES; i++) {
		if (inflight->pool->spare[i].size < inflight->size)
			continue;
		inflight->bytes = inflight->pool->spare[i].bytes;
		inflight->size = inflight->pool->spare[i].size;
		inflight->pool->spare[i].size = 0;
		inflight->pool->spare[i].bytes = NULL;
		return;
	}
	inflight->bytes = malloc(inflight->size);
}

static void put_bytes(struct inflight *inflight)
{
	struct buffer_pool *pool = inflight->pool;
	unsigned i;

	if (!pool || !inflight->bytes || inflight->size < SPARE_MIN_BYTES) {
		free(inflight->bytes);
		return;
	}
	for (i = 0; i < BUFFER_POOL && pool->spare[i].bytes; i++)
		;
	if (i == BUFFER_POOL)
		i = pool->next++ % BUFFER_POOL;
	free(pool->spare[i].bytes);
	pool->spare[i].bytes = inflight->bytes;
	pool->spare[i].size = inflight->size;
}

void buffer_pool_free(struct buffer_pool *pool)
{
	unsigned i;

	for (i = 0; i < BUFFER_POOL; i++)
		free(pool->spare[i].bytes);
}

struct inflight *inflight_new(struct buffer_pool *pool, const struct extent *extent,
			      enum request_class class, uint64_t size_bytes)
{
	struct inflight *inflight = calloc(1, sizeof *inflight);
	uint64_t offset = extent->start * STORE_BLOCK;
	uint64_t length = (uint64_t)extent->count * STORE_BLOCK;

	if (!inflight)
		return NULL;
	if (size_bytes && length > size_bytes - offset)
		length = size_bytes - offset;
	inflight->request.offset = offset;
	inflight->request.length = (uint32_t)length;
	inflight->request.no_cache = extent->suspect;
	inflight->request.avoid = extent->avoid;
	inflight->class = class;
	inflight->start = extent->start;
	inflight->count = extent->count;
	inflight->done = calloc((extent->count + 63) / 64, sizeof *inflight->done);
	inflight->pool = pool;
	inflight->size = (size_t)extent->count * STORE_BLOCK;
	take_bytes(inflight);
	inflight->digests = malloc((size_t)extent->count * VERITY_DIGEST_SIZE);
	if (!inflight->done || !inflight->bytes || !inflight->digests) {
		inflight_free(inflight);
		return NULL;
	}
	/* A short last block is checked with zeroes behind it. */
	memset(inflight->bytes + length, 0, (size_t)extent->count * STORE_BLOCK - length);
	return inflight;
}

void inflight_free(struct inflight *inflight)
{
	if (!inflight)
		return;
	free(inflight->done);
	put_bytes(inflight);
	free(inflight->digests);
	free(inflight);
}

void inflight_receive(struct inflight *inflight, const uint8_t *bytes, size_t count)
{
	memcpy(inflight->bytes + inflight->received, bytes, count);
	inflight->received += (uint32_t)count;
	inflight->arrived = inflight->received == inflight->request.length ? inflight->count :
		     inflight->received / STORE_BLOCK;
}

void inflight_hash(struct inflight *inflight, const struct verity *verity, uint32_t end)
{
	uint32_t i = atomic_load_explicit(&inflight->hashed, memory_order_relaxed);
	uint8_t *digest;

	for (; verity && i < end; i++) {
		digest = inflight->digests + (size_t)i * VERITY_DIGEST_SIZE;
		/* Without a digest the block does not verify, and is requested again. */
		if (verity_digest(verity, inflight->bytes + (size_t)i * STORE_BLOCK, digest))
			memset(digest, 0, VERITY_DIGEST_SIZE);
	}
	atomic_store_explicit(&inflight->hashed, end, memory_order_release);
}
