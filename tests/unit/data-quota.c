/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/data-quota.h"

static uint64_t left(uint64_t budget, bool stops_all, uint64_t spent, bool is_fill)
{
	struct options o = { .budget_bytes = budget, .budget_stops_all = stops_all };
	struct data_quota q;

	data_quota_init(&q, &o);
	return data_quota_left_bytes(&q, spent, is_fill);
}

int main(void)
{
	CHECK(left(0, false, UINT64_MAX, true) == UINT64_MAX);
	CHECK(left(0, true, UINT64_MAX, false) == UINT64_MAX);
	CHECK_EQ(left(1000, false, 400, true), 600);
	CHECK_EQ(left(1000, false, 1400, true), 0);
	CHECK(left(1000, false, 1400, false) == UINT64_MAX);
	CHECK_EQ(left(1000, true, 400, false), 600);
	CHECK_EQ(left(1000, true, 1400, false), 0);
	return 0;
}
