/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A limit of bytes per second (rate=), as a token bucket: tokens come in as time
 * passes, and each request takes as many as it asks for bytes.  A request may be
 * sent while there is at least one token, and may take more than there are.  So no
 * request waits behind one that is too large, and over any longer time the rate
 * holds.  Pure: the caller has the clock (monotonic milliseconds).
 */
#ifndef FARROOT_TOKEN_BUCKET_H
#define FARROOT_TOKEN_BUCKET_H

#include <stdint.h>

struct token_bucket {
	uint64_t bytes_per_s;	/* 0: no limit */
	int64_t tokens;		/* bytes; below 0 after a request that took more */
	uint64_t since_ms;	/* when tokens last came in */
};

/* A full bucket; bytes_per_s 0: no limit. */
void token_bucket_init(struct token_bucket *bucket, uint64_t bytes_per_s, uint64_t now_ms);

/* Milliseconds until the next request may be sent; 0 = now. */
uint64_t token_bucket_wait_ms(struct token_bucket *bucket, uint64_t now_ms);

/* Takes the tokens of a request that is sent. */
void token_bucket_take(struct token_bucket *bucket, uint32_t bytes);

/* The most that one request should ask for, of at most bytes. */
uint32_t token_bucket_request_bytes(const struct token_bucket *bucket, uint32_t bytes);

#endif
