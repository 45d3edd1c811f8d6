/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A clock that does not wait: when every thread of this process sleeps, the time jumps to the end of
 * the shortest sleep.  A day of waiting takes seconds.
 *
 * For the program that is linked with jumping-clock.c, which replaces clock_gettime(), time(),
 * gettimeofday(), poll(), usleep(), nanosleep() and pthread_cond_timedwait() with CLOCK_MONOTONIC, for its
 * libraries, too.  Waits of the kernel, as for the next SYN, are not shortened.
 */
#ifndef FARROOT_TEST_JUMPING_CLOCK_H
#define FARROOT_TEST_JUMPING_CLOCK_H

/* From now on, in this process.  Before, and in processes that it forks, time is real. */
void jumping_clock_start(void);

#endif
