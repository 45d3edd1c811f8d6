/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * How many bytes may be fetched in all on a metered link (budget=, budget-stops=).
 * Reads are never held back by it.  Pure.
 */
#ifndef FARROOT_DATA_QUOTA_H
#define FARROOT_DATA_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"

struct data_quota {
	uint64_t bytes;		/* 0: no limit */
	bool stops_all;		/* it holds back the profile and readahead, too */
};

void data_quota_init(struct data_quota *quota, const struct options *options);

/* Bytes that the background may still ask for, when spent_bytes have come or are
 * under way.  is_fill: the request is for the fill, which nobody may ever need.
 * UINT64_MAX: no limit.
 */
uint64_t data_quota_left_bytes(const struct data_quota *quota, uint64_t spent_bytes, bool is_fill);

#endif
