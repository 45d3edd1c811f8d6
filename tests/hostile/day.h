/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A day of the engine with an origin that misbehaves all the time, on the clock of jumping-clock.h:
 * with the time-outs of a real root, and a reader that reads something once a minute.  What each
 * hour cost is counted.
 */
#ifndef FARROOT_TEST_DAY_H
#define FARROOT_TEST_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "actors.h"
#include "dead-origin.h"

#define DAY_HOURS 24
#define DAY_LINES 1000

struct day {
	const char *name;
	uint64_t seed;
	uint64_t kinds;		/* of the origin, in all of its answers */
	struct nature nature;
	enum dead_kind dead;	/* instead of the origin */
	bool beside_good;	/* a second origin is good */
	bool is_read_anew;	/* cache=: what is read is fetched again and again */
	bool slow_name;		/* its look-up takes time */
	bool serves;		/* the origin could serve every read */
	unsigned turn_minutes;	/* well for this time, and ill for this time, by turns; 0: always ill */
	unsigned image_blocks;
	unsigned hours;
	bool verbose;
};

/* What an hour, or the first minute, cost. */
struct day_cost {
	uint64_t requests;	/* of the engine */
	uint64_t bytes;		/* that the origins sent */
	uint64_t connections;
	uint64_t cpu_ms;
	uint64_t reads;		/* that were served */
};

struct day_result {
	uint64_t image_bytes;
	struct day_cost minute, hour[DAY_HOURS];	/* the first hour contains the minute */
	uint64_t line_ms[DAY_LINES];	/* when the engine logged, since its start */
	unsigned lines;
	uint64_t healed_ms;		/* until all that was asked for had come, after the end */
	uint64_t memory_bytes;		/* growth */
	uint64_t longest_read_ms;	/* that was served before the end */
	uint64_t asked, hasty;		/* times of Retry-After, and requests before its end */
	unsigned failures;		/* wrong bytes or errors, printed on stderr */
};

/* In a process of its own. */
void day_run(const struct day *day, struct day_result *result);

/* The number of scenes, and one of them: a day, but for its hours; see day-scenes.c. */
unsigned day_scenes(void);
struct day day_scene(unsigned number);

#endif
