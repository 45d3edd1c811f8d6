/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/token-bucket.h"

/* The size of the bucket: the tokens of 250 ms, but at least one small request. */
#define BUCKET_MS 250
#define BUCKET_MIN_BYTES (16U << 10)

static uint64_t bucket_bytes(const struct token_bucket *b)
{
	uint64_t bytes = b->bytes_per_s * BUCKET_MS / 1000;

	return bytes > BUCKET_MIN_BYTES ? bytes : BUCKET_MIN_BYTES;
}

void token_bucket_init(struct token_bucket *b, uint64_t bytes_per_s, uint64_t now_ms)
{
	b->bytes_per_s = bytes_per_s;
	b->tokens = (int64_t)bucket_bytes(b);
	b->since_ms = now_ms;
}

static void refill(struct token_bucket *b, uint64_t now_ms)
{
	uint64_t bytes = (now_ms - b->since_ms) * b->bytes_per_s / 1000;

	/* A fraction of a byte is added the next time. */
	if (!bytes)
		return;
	b->since_ms = now_ms;
	b->tokens += (int64_t)bytes;
	if (b->tokens > (int64_t)bucket_bytes(b))
		b->tokens = (int64_t)bucket_bytes(b);
}

uint64_t token_bucket_wait_ms(struct token_bucket *b, uint64_t now_ms)
{
	if (!b->bytes_per_s)
		return 0;
	refill(b, now_ms);
	if (b->tokens > 0)
		return 0;
	return (uint64_t)(-b->tokens) * 1000 / b->bytes_per_s + 1;
}

void token_bucket_take(struct token_bucket *b, uint32_t bytes)
{
	if (b->bytes_per_s)
		b->tokens -= bytes;
}

uint32_t token_bucket_request_bytes(const struct token_bucket *b, uint32_t bytes)
{
	uint64_t most = bucket_bytes(b);

	return b->bytes_per_s && most < bytes ? (uint32_t)most : bytes;
}
