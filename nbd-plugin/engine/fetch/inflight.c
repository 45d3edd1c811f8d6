/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/fetch/inflight.h"

/* Smaller ones are not worth a place in the pool. */
#define SPARE_MIN_BYTES (128U << 10)

static void take_bytes(struct inflight *j)
{
	unsigned i;

	/* Larger is good enough: what is not written to costs nothing. */
	for (i = 0; j->pool && i < BUFFER_POOL && j->size >= SPARE_MIN_BYTES; i++) {
		if (j->pool->spare[i].size < j->size)
			continue;
		j->bytes = j->pool->spare[i].bytes;
		j->size = j->pool->spare[i].size;
		j->pool->spare[i].size = 0;
		j->pool->spare[i].bytes = NULL;
		return;
	}
	j->bytes = malloc(j->size);
}

static void put_bytes(struct inflight *j)
{
	struct buffer_pool *pool = j->pool;
	unsigned i;

	if (!pool || !j->bytes || j->size < SPARE_MIN_BYTES) {
		free(j->bytes);
		return;
	}
	for (i = 0; i < BUFFER_POOL && pool->spare[i].bytes; i++)
		;
	if (i == BUFFER_POOL)
		i = pool->next++ % BUFFER_POOL;
	free(pool->spare[i].bytes);
	pool->spare[i].bytes = j->bytes;
	pool->spare[i].size = j->size;
}

void buffer_pool_free(struct buffer_pool *pool)
{
	unsigned i;

	for (i = 0; i < BUFFER_POOL; i++)
		free(pool->spare[i].bytes);
}

struct inflight *inflight_new(struct buffer_pool *pool, const struct extent *extent, enum request_class class,
		    uint64_t size_bytes)
{
	struct inflight *j = calloc(1, sizeof *j);
	uint64_t offset = extent->start * STORE_BLOCK;
	uint64_t length = (uint64_t)extent->count * STORE_BLOCK;

	if (!j)
		return NULL;
	if (size_bytes && length > size_bytes - offset)
		length = size_bytes - offset;
	j->request.offset = offset;
	j->request.length = (uint32_t)length;
	j->request.no_cache = extent->suspect;
	j->request.avoid = extent->avoid;
	j->class = class;
	j->start = extent->start;
	j->count = extent->count;
	j->done = calloc((extent->count + 63) / 64, sizeof *j->done);
	j->pool = pool;
	j->size = (size_t)extent->count * STORE_BLOCK;
	take_bytes(j);
	j->digests = malloc((size_t)extent->count * VERITY_DIGEST_SIZE);
	if (!j->done || !j->bytes || !j->digests) {
		inflight_free(j);
		return NULL;
	}
	/* A short last block is checked with zeroes behind it. */
	memset(j->bytes + length, 0, (size_t)extent->count * STORE_BLOCK - length);
	return j;
}

void inflight_free(struct inflight *j)
{
	if (!j)
		return;
	free(j->done);
	put_bytes(j);
	free(j->digests);
	free(j);
}

void inflight_receive(struct inflight *j, const uint8_t *bytes, size_t count)
{
	memcpy(j->bytes + j->received, bytes, count);
	j->received += (uint32_t)count;
	j->arrived = j->received == j->request.length ? j->count :
		     j->received / STORE_BLOCK;
}

void inflight_hash(struct inflight *j, const struct verity *verity, uint32_t end)
{
	uint32_t i = atomic_load_explicit(&j->hashed, memory_order_relaxed);
	uint8_t *digest;

	for (; verity && i < end; i++) {
		digest = j->digests + (size_t)i * VERITY_DIGEST_SIZE;
		/* No digest: the block will not verify, and is asked for again. */
		if (verity_digest(verity, j->bytes + (size_t)i * STORE_BLOCK, digest))
			memset(digest, 0, VERITY_DIGEST_SIZE);
	}
	atomic_store_explicit(&j->hashed, end, memory_order_release);
}
