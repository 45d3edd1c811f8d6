/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * One trial: an image, its hostile origins, the engine, and some readers.
 *
 *   hostile ──heal──► healthy ──every reader had progress──► all read once ──► end
 *      └── killed or abandoned at a random moment
 *
 * What must hold: no wrong byte, no error, no crash, and progress within the
 * limit: after healing, and all the time if one of the origins is good.  costs.h says which
 * costs have limits, too.
 */
#ifndef FARROOT_TEST_TRIAL_H
#define FARROOT_TEST_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "actors.h"
#include "dead-origin.h"
#include "image-builder.h"

#define TRIAL_ORIGINS 3
#define TRIAL_OPTIONS 12

/* Scaled from a promise of 35 s, like the times of trial_timeouts(). */
#define TRIAL_LIMIT_MS 10000

enum trial_end {
	TRIAL_HEAL,		/* to the end */
	TRIAL_ABANDON,		/* readers and engine are stopped in the middle */
	TRIAL_KILL		/* the process ends in the middle: for a child */
};

struct trial {
	uint64_t seed;
	const struct built_image *image;
	struct {
		uint64_t kinds;
		unsigned percent;
		struct nature nature;
		unsigned delay_ms;	/* behind a relay; 0: none */
		bool tls;		/* https, by a relay */
		bool slow_name;		/* its look-up takes time */
	} origin[TRIAL_ORIGINS];
	unsigned origin_count;
	enum dead_kind dead;	/* another origin, before the others ... */
	bool dead_is_last;	/* ... or behind them */
	bool by_proxy;		/* the relay of the only origin is proxy= */
	bool one_is_good;	/* an origin is never hostile */
	bool is_kept;		/* the store has the whole image */
	bool until_all_here;	/* fill: after healing, the whole image must arrive */
	unsigned reader_count;
	uint64_t reach_bytes;	/* that they read until the end; 0: all */
	bool impatient;
	char options[TRIAL_OPTIONS][128];	/* key=value; roothash= is added */
	unsigned option_count;
	unsigned hostile_ms;	/* duration in ms */
	enum trial_end end;
	bool verbose;
};

/* Adds key=value to the trial's options. */
void trial_option(struct trial *trial, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether cache= is given, so that blocks may be fetched more than once. */
bool trial_is_cache_limited(const struct trial *trial);

/* Returns how many trials may run at once, at most n: with a sanitizer, each of them needs
 * seconds of CPU time.
 */
unsigned trial_jobs(unsigned n);

/* Adds the time-outs: those of a real root, scaled down; the slack for sanitizers and busy
 * machines makes them longer, because the origins run on the same machine.
 */
void trial_timeouts(struct trial *trial);

/* Prints on stderr what the trial is made of. */
void trial_describe(const struct trial *trial);

/* Returns 0, or 1 after printing what is wrong on stderr. */
int trial_run(const struct trial *trial);

/* The limit, multiplied by FARROOT_TEST_SLACK. */
uint64_t trial_limit_ms(void);

#endif
