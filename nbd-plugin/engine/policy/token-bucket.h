/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The limit of bytes per second (rate=) as a token bucket.  Tokens are added as time
 * passes, and each request takes one token per requested byte.  A request may be sent
 * while there is at least one token, and may take more tokens than there are.  So a large
 * request need not wait for a full bucket, and the rate holds over any longer time.
 *
 * One thread: the fetch thread.  No I/O and no locks; nothing blocks.  The caller passes
 * the time in monotonic milliseconds.
 */
#ifndef FARROOT_TOKEN_BUCKET_H
#define FARROOT_TOKEN_BUCKET_H

#include <stdint.h>

struct token_bucket {
	uint64_t bytes_per_s;	/* 0: no limit */
	int64_t tokens;		/* bytes; below 0 after a request that took more than there were */
	uint64_t since_ms;	/* time of the last addition */
};

/* Makes a full bucket.  bytes_per_s 0: no limit. */
void token_bucket_init(struct token_bucket *bucket, uint64_t bytes_per_s, uint64_t now_ms);

/* Returns the milliseconds until the next request may be sent; 0: now. */
uint64_t token_bucket_wait_ms(struct token_bucket *bucket, uint64_t now_ms);

/* Takes the tokens of a request that was sent. */
void token_bucket_take(struct token_bucket *bucket, uint32_t bytes);

/* Returns the size in bytes that one request should have at most: bytes, or less if the
 * bucket is smaller.
 */
uint32_t token_bucket_request_bytes(const struct token_bucket *bucket, uint32_t bytes);

#endif
