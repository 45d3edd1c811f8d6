/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/token-bucket.h"

static struct token_bucket b;

static void no_limit(void)
{
	token_bucket_init(&b, 0, 1000);
	token_bucket_take(&b, UINT32_MAX);
	CHECK_EQ(token_bucket_wait_ms(&b, 1000), 0);
	CHECK_EQ(token_bucket_request_bytes(&b, 1 << 20), 1 << 20);
}

/* Asks as often as it may, for two minutes. */
static void keeps_the_rate(uint64_t rate, uint32_t request)
{
	uint64_t now, bytes = 0, seconds = 120;

	token_bucket_init(&b, rate, 1000);
	for (now = 1000; now < 1000 + seconds * 1000; now++)
		while (!token_bucket_wait_ms(&b, now)) {
			token_bucket_take(&b, token_bucket_request_bytes(&b, request));
			bytes += token_bucket_request_bytes(&b, request);
		}
	CHECK(bytes <= rate * seconds + 2 * (rate / 4 + (16 << 10)));
	CHECK(bytes >= rate * seconds * 95 / 100);
}

static void waits_as_long_as_it_says(void)
{
	uint64_t wait;

	token_bucket_init(&b, 10000, 1000);
	token_bucket_take(&b, 16 << 10);
	token_bucket_take(&b, 16 << 10);
	wait = token_bucket_wait_ms(&b, 1000);
	CHECK(wait > 1600 && wait < 1700);
	CHECK(token_bucket_wait_ms(&b, 1000 + wait - 10) > 0);
	CHECK_EQ(token_bucket_wait_ms(&b, 1000 + wait), 0);
	/* An idle hour is not saved up. */
	token_bucket_wait_ms(&b, 3600000);
	token_bucket_take(&b, 16 << 10);
	CHECK(token_bucket_wait_ms(&b, 3600000) > 0);
}

int main(void)
{
	no_limit();
	keeps_the_rate(1000, 4096);
	keeps_the_rate(100000, 1 << 20);
	keeps_the_rate(3333333, 65536);
	waits_as_long_as_it_says();
	return 0;
}
