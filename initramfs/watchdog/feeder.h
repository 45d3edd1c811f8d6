/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Feeds a watchdog of the kernel: when, for how long, and how the device is given to
 * another process.  Decides only: everything that it does to the machine goes through
 * struct feeder_machine, which tests replace.  No memory is allocated and no file is opened
 * here.
 *
 *            device opens            release asked
 *   waiting -------------> feeding ----------------> the end, or, if the driver
 *      ^                      |                      cannot stop its timer:
 *      +----------------------+                      lending
 *           device is gone
 *
 * lending: the device is opened and closed once in each interval.  Either restarts the
 * time-out, and another process can open the device in between.  That ends the lending.
 */
#ifndef FARROOT_FEEDER_H
#define FARROOT_FEEDER_H

#include <stdbool.h>
#include <stdint.h>

/* How long a shutdown may last: what systemd's RebootWatchdogSec= has as its default.  systemd
 * cannot open the device for that, because the feeder has it.
 */
#define FEEDER_SHUTDOWN_MS (600 * INT64_C(1000))

/* All functions return 0 or -errno unless they say otherwise. */
struct feeder_machine {
	/* A descriptor of the device, or -errno: -EBUSY if another process has it. */
	int (*open)(void *context);
	int (*ioctl)(void *context, int fd, unsigned long request, void *argument);
	int (*write)(void *context, int fd, char byte);
	void (*close)(void *context, int fd);
	/* Sleeps for that time, or until a release is asked for: then it returns true. */
	bool (*sleep)(void *context, int64_t ms);
	/* Since any moment; never goes back. */
	int64_t (*now_ms)(void *context);
	/* Whether the last process of a shutdown runs; -errno if the kernel does not tell. */
	int (*shuts_down)(void *context);
	/* Whether the driver's timer goes on after a magic close; also if that is not known. */
	bool (*cannot_stop)(void *context);
	/* The device is closed: another process can open it from now on. */
	void (*released)(void *context);
	void (*log)(void *context, const char *text);
};

/* Feeds until it is released; the largest time-out that the driver takes is set, but not more
 * than wanted_s seconds (1 or more).  Returns 0 after a release, or -ENOTTY: the device is
 * something else than a watchdog.
 */
int feeder_run(const struct feeder_machine *machine, void *context, const char *device, int wanted_s);

#endif
