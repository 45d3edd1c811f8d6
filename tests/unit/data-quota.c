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
	CHECK_EQ(left(100000, false, 59040, true), 40960);
	CHECK_EQ(left(100000, false, 100400, true), 0);
	CHECK(left(100000, false, 100400, false) == UINT64_MAX);
	CHECK_EQ(left(100000, true, 59040, false), 40960);
	CHECK_EQ(left(100000, true, 100400, false), 0);
	/* Less than a block cannot be requested. */
	CHECK_EQ(left(100000, false, 59041, true), 36864);
	CHECK_EQ(left(100000, false, 99000, true), 0);
	return 0;
}
