/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <linux/watchdog.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watchdog/feeder.h"

#define POLL_MS 1000
/* A device that is not there after this time is worth a line in the log. */
#define LATE_MS 10000
/* For a driver that does not tell its time-out. */
#define UNKNOWN_TIMEOUT_S 3

struct feeder {
	const struct feeder_machine *machine;
	void *context;
	const char *device;
	int wanted_s;
	int64_t interval_ms;
	/* When the last process of a shutdown was first seen; -1: not yet. */
	int64_t shutdown_ms;
	bool shutdown_is_over;
	bool is_failing;
};

__attribute__((format(printf, 2, 3)))
static void say(const struct feeder *feeder, const char *fmt, ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	feeder->machine->log(feeder->context, text);
}

static int control(const struct feeder *feeder, int fd, unsigned long request, void *argument)
{
	return feeder->machine->ioctl(feeder->context, fd, request, argument);
}

static int ask_timeout(const struct feeder *feeder, int fd, int seconds)
{
	return control(feeder, fd, WDIOC_SETTIMEOUT, &seconds);
}

/* Sets the largest time-out up to the wanted one.  A driver refuses what its hardware cannot
 * count (bcm2835_wdt of kernels before 6.8: more than 15 s) and does not tell the limit.  Those
 * that are taken in the search become larger, so the last one taken is the largest.
 */
static void set_largest(const struct feeder *feeder, int fd)
{
	int taken = 0, refused = feeder->wanted_s, middle;

	if (ask_timeout(feeder, fd, refused) != -EINVAL)
		return;
	while (refused - taken > 1) {
		middle = taken + (refused - taken) / 2;
		if (ask_timeout(feeder, fd, middle))
			refused = middle;
		else
			taken = middle;
	}
}

/* Returns 0; -ENOTTY: not a watchdog; -ENODEV: the device is gone. */
static int set_up(struct feeder *feeder, int fd)
{
	struct watchdog_info info;
	int error, timeout_s = 0;
	bool told;

	memset(&info, 0, sizeof info);
	error = control(feeder, fd, WDIOC_GETSUPPORT, &info);
	if (error)
		return error == -ENODEV ? error : -ENOTTY;
	set_largest(feeder, fd);
	told = !control(feeder, fd, WDIOC_GETTIMEOUT, &timeout_s) && timeout_s > 0;
	if (!told)
		timeout_s = UNKNOWN_TIMEOUT_S;
	feeder->interval_ms = timeout_s * INT64_C(1000) / 3;
	say(feeder, "feeds %s (%.*s), time-out %s%d s", feeder->device, (int)sizeof info.identity,
	    (const char *)info.identity, told ? "" : "unknown, taken for ", timeout_s);
	return 0;
}

/* Whether the watchdog may be fed.  A machine that does not come to the end of its shutdown
 * must be reset, because no process is left that could help.  PID 1 may be yet another program
 * by then, such as /run/initramfs/shutdown.
 */
static bool may_feed(struct feeder *feeder)
{
	int64_t now_ms = feeder->machine->now_ms(feeder->context);
	int shuts_down = feeder->machine->shuts_down(feeder->context);

	if (shuts_down <= 0 && feeder->shutdown_ms < 0)
		return true;
	if (feeder->shutdown_ms < 0) {
		feeder->shutdown_ms = now_ms;
		say(feeder, "the machine shuts down: feeds %s for at most %d s more", feeder->device,
		    (int)(FEEDER_SHUTDOWN_MS / 1000));
	}
	if (now_ms - feeder->shutdown_ms < FEEDER_SHUTDOWN_MS)
		return true;
	if (!feeder->shutdown_is_over)
		say(feeder, "the shutdown does not end: feeds %s no more", feeder->device);
	feeder->shutdown_is_over = true;
	return false;
}

/* Opens the device as soon as it exists and no other process has it; -ECANCELED: a release was
 * asked for before.
 */
static int open_patiently(struct feeder *feeder)
{
	const struct feeder_machine *machine = feeder->machine;
	int64_t began_ms = machine->now_ms(feeder->context);
	bool said = false;
	int fd;

	for (;;) {
		fd = machine->open(feeder->context);
		if (fd >= 0 || fd == -ENOTTY)
			return fd;
		if (!said && machine->now_ms(feeder->context) - began_ms >= LATE_MS) {
			say(feeder, "waits for %s: %s", feeder->device, strerror(-fd));
			said = true;
		}
		if (machine->sleep(feeder->context, POLL_MS))
			return -ECANCELED;
	}
}

/* Returns -ENODEV if the device is gone, else 0. */
static int feed_once(struct feeder *feeder, int fd)
{
	int error = feeder->machine->write(feeder->context, fd, '\0');

	if (error && error != -ENODEV && !feeder->is_failing)
		say(feeder, "cannot feed %s: %s; tries again", feeder->device, strerror(-error));
	feeder->is_failing = error != 0;
	return error == -ENODEV ? error : 0;
}

/* Feeds until a release is asked for (0) or the device is gone (-ENODEV). */
static int feed(struct feeder *feeder, int fd)
{
	int64_t pause_ms;

	do {
		if (may_feed(feeder) && feed_once(feeder, fd))
			return -ENODEV;
		pause_ms = feeder->interval_ms;
		if (feeder->is_failing && pause_ms > POLL_MS)
			pause_ms = POLL_MS;
	} while (!feeder->machine->sleep(feeder->context, pause_ms));
	return 0;
}

static void close_magically(const struct feeder *feeder, int fd)
{
	feeder->machine->write(feeder->context, fd, 'V');
	feeder->machine->close(feeder->context, fd);
}

/* Returns when another process has the device, or when the device is gone. */
static void lend(struct feeder *feeder)
{
	int fd;

	for (;;) {
		feeder->machine->sleep(feeder->context, feeder->interval_ms);
		if (!may_feed(feeder))
			continue;
		fd = feeder->machine->open(feeder->context);
		if (fd >= 0) {
			close_magically(feeder, fd);
		} else if (fd == -EBUSY || fd == -ENOENT || fd == -ENODEV || fd == -ENXIO) {
			say(feeder, "%s: %s; ends", feeder->device,
			    fd == -EBUSY ? "another process feeds it" : strerror(-fd));
			return;
		}
	}
}

static void release(struct feeder *feeder, int fd)
{
	const struct feeder_machine *machine = feeder->machine;
	bool lends = machine->cannot_stop(feeder->context);

	close_magically(feeder, fd);
	if (lends)
		say(feeder, "%s cannot be stopped: feeds it until another process opens it", feeder->device);
	else
		say(feeder, "has released %s", feeder->device);
	machine->released(feeder->context);
	if (lends)
		lend(feeder);
}

int feeder_run(const struct feeder_machine *machine, void *context, const char *device, int wanted_s)
{
	struct feeder feeder = {
		.machine = machine, .context = context, .device = device,
		.wanted_s = wanted_s, .shutdown_ms = -1,
	};
	int fd, error;

	for (;;) {
		fd = open_patiently(&feeder);
		if (fd == -ECANCELED) {
			machine->released(context);
			return 0;
		}
		if (fd < 0)
			return fd;
		error = set_up(&feeder, fd);
		if (!error)
			error = feed(&feeder, fd);
		if (!error) {
			release(&feeder, fd);
			return 0;
		}
		machine->close(context, fd);
		if (error != -ENODEV)
			return error;
		say(&feeder, "%s is gone", device);
		/* Not in a rush, if it comes and goes. */
		if (machine->sleep(context, POLL_MS)) {
			machine->released(context);
			return 0;
		}
	}
}
