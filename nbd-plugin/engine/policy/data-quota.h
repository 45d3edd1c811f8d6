/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a metered link may be asked for: no more than so many bytes a second
 * (rate=), and in the background no more than so many bytes in all (budget=).
 * Pure: the caller has the clock (monotonic milliseconds).
 *
 * rate: a purse that fills as time passes.  A request may be sent while there is
 * anything in it, and may overdraw it once; so nothing waits behind a request that
 * is too large, and over any longer time the rate holds.
 */
#ifndef FARROOT_DATA_QUOTA_H
#define FARROOT_DATA_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"

struct meter {
	uint64_t bytes_per_s;	/* 0: no limit */
	uint64_t budget_bytes;	/* 0: no limit */
	bool stops_all;		/* the budget is for the profile, too */
	int64_t purse_bytes;
	uint64_t since_ms;
};

void meter_init(struct meter *meter, const struct options *options, uint64_t now_ms);

/* Milliseconds until the next request may be sent; 0 = now. */
uint64_t meter_wait_ms(struct meter *meter, uint64_t now_ms);

/* A request for so many bytes was sent. */
void meter_spend(struct meter *meter, uint32_t bytes);

/* The most that one request should ask for, of at most bytes. */
uint32_t meter_request_bytes(const struct meter *meter, uint32_t bytes);

/* How much the background may still ask for, when so many bytes have come or are
 * under way; is_fill: it is what nobody may ever need.
 */
uint64_t meter_left_bytes(const struct meter *meter, uint64_t spent_bytes, bool is_fill);

#endif
