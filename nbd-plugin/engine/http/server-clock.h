/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The time by which the certificates of an origin are judged, for machines whose clock is
 * behind: a Raspberry Pi has no battery for its clock, and a certificate that is newer than
 * its boot files is not yet valid there.
 *
 *   certificate is not yet valid ──► ask for one byte, without secrets and without a look at
 *   the dates ──Date of the answer──► judge all certificates of this origin by that time
 *
 * All other checks of a certificate stay, also in the first step, and its end counts by the
 * new time.  Only for an image with a root hash: an expired key may serve a false
 * Date, but no false byte.  The clock of the system is not set.  All functions
 * belong to the fetch thread; none blocks.
 */
#ifndef FARROOT_SERVER_CLOCK_H
#define FARROOT_SERVER_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_clock {
	int64_t date;		/* Unix time that the origin told; 0: none */
	uint64_t date_ms;	/* when, in the time of clock_ms() */
	uint64_t answered_ms;	/* when the origin was last asked and has answered; 0: never */
};

/* Whether the origin may be asked for its date now. */
bool server_clock_may_ask(const struct server_clock *clock, uint64_t now_ms);

/* The origin has answered with this Date, 0: none.  system: Unix time of this machine.  Returns
 * whether the date counts from now on: one that is before the system's does not.
 */
bool server_clock_answer(struct server_clock *clock, int64_t date, int64_t system, uint64_t now_ms);

/* The Unix time that the origin's certificates are judged by; 0: the system's, because no
 * other is known, or because the system's clock was set meanwhile.
 */
int64_t server_clock_time(const struct server_clock *clock, int64_t system, uint64_t now_ms);

/* A Unix time as text, in out, which is returned; 24 bytes are enough. */
const char *server_clock_text(int64_t time, char *out, size_t size);

#endif
