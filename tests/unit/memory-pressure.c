/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/policy/memory-pressure.h"

#define MIB (1ULL << 20)

/* A machine with 1024 MiB: the reserve is 64 MiB, and the OOM killer is near below 16. */
static const uint64_t total_mib = 1024;

/* The number of MiB that the store gives back; -1: some bytes, less than 1 MiB. */
static int64_t step(struct memory_pressure *p, uint64_t available_mib, int stall_percent,
		    const struct memory_use *use, uint64_t now_s)
{
	struct memory_state m = {
		.total_bytes = total_mib * MIB, .available_bytes = available_mib * MIB,
		.has_stall = stall_percent >= 0,
		.stall_percent = stall_percent < 0 ? 0 : (unsigned)stall_percent,
	};
	uint64_t bytes = memory_pressure_step(p, &m, use, now_s * 1000);

	return bytes && bytes < MIB ? -1 : (int64_t)(bytes / MIB);
}

static struct memory_use filling(uint64_t to_come_mib, uint64_t held_mib)
{
	return (struct memory_use){
		.to_come_bytes = to_come_mib * MIB, .held_bytes = held_mib * MIB, .may_evict = true,
	};
}

static void the_reserve_is_in_proportion(void)
{
	CHECK_EQ(memory_pressure_reserve_bytes(256 * MIB), 48 * MIB);
	CHECK_EQ(memory_pressure_reserve_bytes(1024 * MIB), 64 * MIB);
	CHECK_EQ(memory_pressure_reserve_bytes(64 * 1024 * MIB), 256 * MIB);
}

static void what_does_not_fit_is_not_fetched(void)
{
	struct memory_pressure p = { 0 };
	struct memory_use use = filling(300, 100);

	CHECK_EQ(step(&p, 364, 0, &use, 0), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
	CHECK(memory_pressure_in_ms(&p, 0) == UINT64_MAX);
	CHECK_EQ(step(&p, 363, 0, &use, 1), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_LOW);
	/* Nothing is wrong with the memory: nothing is evicted, and an idle machine is not woken. */
	CHECK_EQ(step(&p, 363, 0, &use, 1000), 0);
	CHECK(memory_pressure_in_ms(&p, 0) == UINT64_MAX);
	/* A quarter of the reserve more is not there, then it is, for 10 s. */
	CHECK_EQ(step(&p, 379, 0, &use, 1001), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_LOW);
	CHECK_EQ(step(&p, 380, 0, &use, 1002), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_CALM);
	CHECK_EQ(memory_pressure_in_ms(&p, 1002000), 10000);
	CHECK_EQ(step(&p, 380, 0, &use, 1011), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_CALM);
	CHECK_EQ(step(&p, 380, 0, &use, 1012), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
	/* The fill takes what it fetches from what is available. */
	use = filling(0, 400);
	CHECK_EQ(step(&p, 80, 0, &use, 1100), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
}

static void calm_must_last(void)
{
	struct memory_pressure p = { 0 };
	struct memory_use use = filling(10, 100);

	step(&p, 60, 0, &use, 0);
	step(&p, 500, 0, &use, 1);
	step(&p, 60, 0, &use, 9);
	CHECK_EQ(p.hold, MEMORY_HOLD_LOW);
	step(&p, 500, 0, &use, 10);
	step(&p, 500, 0, &use, 19);
	CHECK_EQ(p.hold, MEMORY_HOLD_CALM);
	step(&p, 500, 0, &use, 20);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
}

static void stalls_hold_the_fill(void)
{
	struct memory_pressure p = { 0 };
	struct memory_use use = filling(10, 100);

	CHECK_EQ(step(&p, 200, 9, &use, 0), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
	CHECK_EQ(step(&p, 200, 10, &use, 1), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_STALL);
	CHECK_EQ(memory_pressure_in_ms(&p, 1000), 2000);
	CHECK_EQ(step(&p, 200, 5, &use, 2), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_STALL);
	CHECK_EQ(step(&p, 200, 4, &use, 3), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_CALM);
	/* With 200 MiB available, evicting would not end them. */
	CHECK_EQ(step(&p, 200, 90, &use, 4), 0);
	CHECK_EQ(step(&p, 200, 90, &use, 100), 0);
	CHECK(!p.is_short);
	CHECK_EQ(step(&p, 120, 90, &use, 101), 0);
	CHECK(p.is_short);
	CHECK_EQ(step(&p, 120, 90, &use, 106), 6);
}

static void stalls_of_a_cgroup_do_not_count(void)
{
	struct memory_pressure p = { 0 };
	struct memory_use use = filling(10, 100);

	CHECK_EQ(step(&p, 256, 100, &use, 0), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
	/* A kernel without PSI. */
	CHECK_EQ(step(&p, 100, -1, &use, 1), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
}

static void pressure_that_lasts_evicts_in_steps(void)
{
	struct memory_pressure p = { 0 };
	struct memory_use use = filling(100, 160);

	CHECK_EQ(step(&p, 60, 0, &use, 10), 0);
	CHECK_EQ(memory_pressure_in_ms(&p, 10000), 2000);
	CHECK_EQ(step(&p, 60, 0, &use, 14), 0);
	CHECK_EQ(step(&p, 60, 0, &use, 15), 10);
	use = filling(110, 150);
	CHECK_EQ(step(&p, 60, 0, &use, 19), 0);
	/* More if more is missing, but not all at once. */
	CHECK_EQ(step(&p, 44, 0, &use, 20), 20);
	use = filling(130, 130);
	CHECK_EQ(step(&p, 1, 0, &use, 25), 32);
	/* What a boot reads again and again stays. */
	use = filling(240, 20);
	CHECK_EQ(step(&p, 1, 0, &use, 30), 4);
	use = filling(244, 16);
	CHECK_EQ(step(&p, 1, 0, &use, 35), 0);
	/* It was short, and is not: it has to last again. */
	use = filling(130, 130);
	CHECK_EQ(step(&p, 70, 0, &use, 36), 0);
	CHECK_EQ(step(&p, 60, 0, &use, 40), 0);
	CHECK_EQ(step(&p, 60, 0, &use, 44), 0);
	CHECK(step(&p, 60, 0, &use, 45) > 0);
	/* Not while no origin answers. */
	use.may_evict = false;
	CHECK_EQ(step(&p, 1, 0, &use, 60), 0);
	use.may_evict = true;
	CHECK(step(&p, 1, 0, &use, 61) > 0);
}

/* Returns the seconds from the end of the pressure to the fill. */
static uint64_t pause_after_eviction(struct memory_pressure *p, uint64_t *now_s)
{
	struct memory_use use = filling(10, 160);
	uint64_t end_s;

	step(p, 10, 0, &use, *now_s);
	CHECK(step(p, 10, 0, &use, *now_s + 5) > 0);
	CHECK(step(p, 10, 0, &use, *now_s + 10) > 0);
	*now_s += 11;
	for (end_s = *now_s; !step(p, 500, 0, &use, *now_s) && p->hold; ++*now_s)
		;
	return *now_s - end_s;
}

static void a_load_that_comes_and_goes_is_fetched_again_ever_later(void)
{
	struct memory_pressure p = { 0 };
	uint64_t now_s = 1, pause_s = 30;
	int i;

	for (i = 0; i < 10; i++) {
		CHECK_EQ(pause_after_eviction(&p, &now_s), pause_s);
		pause_s = 2 * pause_s < 3600 ? 2 * pause_s : 3600;
	}
}

static void a_complete_image_is_the_last_to_go(void)
{
	struct memory_pressure p = { 0 };
	struct memory_use use = { .held_bytes = 160 * MIB, .is_complete = true, .may_evict = true };

	CHECK_EQ(step(&p, 17, 100, &use, 0), 0);
	CHECK_EQ(step(&p, 17, 100, &use, 1000), 0);
	CHECK_EQ(step(&p, 15, 100, &use, 1001), 0);
	CHECK_EQ(step(&p, 15, 100, &use, 1005), 0);
	/* A small step, however much is missing. */
	CHECK_EQ(step(&p, 1, 100, &use, 1006), 10);
	/* And it is not treated as any other from then on. */
	use.is_complete = false;
	use.held_bytes = 150 * MIB;
	use.to_come_bytes = 10 * MIB;
	CHECK_EQ(step(&p, 17, 100, &use, 1011), 0);
	CHECK_EQ(step(&p, 17, 100, &use, 1100), 0);
	CHECK(p.was_complete);
	/* Until the hold has ended. */
	CHECK_EQ(step(&p, 500, 0, &use, 1200), 0);
	CHECK_EQ(step(&p, 500, 0, &use, 1300), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
	CHECK(!p.was_complete);
	CHECK_EQ(step(&p, 40, 0, &use, 1301), 0);
	CHECK(step(&p, 40, 0, &use, 1306) > 0);
}

static void an_unknown_state_is_no_pressure(void)
{
	const struct memory_state unknown = { 0 };
	struct memory_pressure p = { 0 };
	struct memory_use use = filling(100, 100);

	CHECK_EQ(memory_pressure_step(&p, &unknown, &use, 0), 0);
	CHECK_EQ(memory_pressure_step(&p, &unknown, &use, 100000), 0);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
	/* Not for ever, either, if /proc is gone meanwhile. */
	step(&p, 10, 0, &use, 200);
	CHECK_EQ(p.hold, MEMORY_HOLD_LOW);
	memory_pressure_step(&p, &unknown, &use, 201000);
	memory_pressure_step(&p, &unknown, &use, 211000);
	CHECK_EQ(p.hold, MEMORY_HOLD_NONE);
}

int main(void)
{
	the_reserve_is_in_proportion();
	what_does_not_fit_is_not_fetched();
	calm_must_last();
	stalls_hold_the_fill();
	stalls_of_a_cgroup_do_not_count();
	pressure_that_lasts_evicts_in_steps();
	a_load_that_comes_and_goes_is_fetched_again_ever_later();
	a_complete_image_is_the_last_to_go();
	an_unknown_state_is_no_pressure();
	return 0;
}
