/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/data-quota.h"
#include "engine/store/store.h"

void data_quota_init(struct data_quota *q, const struct options *options)
{
	q->bytes = options->budget_bytes;
	q->stops_all = options->budget_stops_all;
}

uint64_t data_quota_left_bytes(const struct data_quota *q, uint64_t spent_bytes, bool is_fill)
{
	uint64_t left = q->bytes > spent_bytes ? q->bytes - spent_bytes : 0;

	if (!q->bytes || !(is_fill || q->stops_all))
		return UINT64_MAX;
	return left - left % STORE_BLOCK;
}
