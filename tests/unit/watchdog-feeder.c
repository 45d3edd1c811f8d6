/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The feeder with a pretended watchdog, whose time passes only while the feeder sleeps.
 */
#include "config.h"

#include <errno.h>
#include <linux/watchdog.h>
#include <setjmp.h>

#include "check.h"
#include "watchdog/feeder.h"

#define FD 7

/* A watchdog as the kernel's drivers are, and what happens to it. */
struct fake {
	/* The driver. */
	int max_s, default_s;
	bool no_support, no_settimeout, no_gettimeout, clamps;
	bool nowayout, nowayout_unknown;
	/* The script of the test, in ms since the start; INT64_MAX: never. */
	int64_t appears_ms, busy_until_ms, gone_ms, back_ms, release_ms, taken_ms, shutdown_ms, shutdown_end_ms, end_ms;
	int write_error;
	bool proc_fails;
	/* The state. */
	int64_t now_ms, fed_ms;
	int timeout_s;
	bool is_open, runs, magic, reset;
	int opens, feedings, released;
	int64_t reset_ms;
	char log[8192];
	/* Where end_ms leads: out of a feeder that never ends. */
	jmp_buf end;
};

static struct fake fake_new(void)
{
	struct fake fake = {
		.max_s = 1000, .default_s = 30,
		.gone_ms = INT64_MAX, .back_ms = INT64_MAX, .release_ms = INT64_MAX,
		.taken_ms = INT64_MAX, .shutdown_ms = INT64_MAX, .shutdown_end_ms = INT64_MAX,
		.end_ms = INT64_MAX,
	};

	fake.timeout_s = fake.default_s;
	return fake;
}

static bool is_there(const struct fake *fake)
{
	return fake->now_ms >= fake->appears_ms &&
	       (fake->now_ms < fake->gone_ms || fake->now_ms >= fake->back_ms);
}

static int fake_open(void *context)
{
	struct fake *fake = context;

	CHECK(!fake->is_open);
	if (!is_there(fake))
		return -ENOENT;
	if (fake->now_ms < fake->busy_until_ms || fake->now_ms >= fake->taken_ms)
		return -EBUSY;
	fake->opens++;
	fake->is_open = fake->runs = true;
	fake->magic = false;
	fake->fed_ms = fake->now_ms;
	return FD;
}

static int fake_ioctl(void *context, int fd, unsigned long request, void *argument)
{
	struct fake *fake = context;
	struct watchdog_info *info = argument;
	int *seconds = argument;

	CHECK_EQ(fd, FD);
	CHECK(fake->is_open);
	if (fake->no_support)
		return -ENOTTY;
	switch (request) {
	case WDIOC_GETSUPPORT:
		/* All of it used: no byte is left for an end. */
		memcpy(info->identity, "A watchdog with a name of 32 cha", 32);
		return 0;
	case WDIOC_SETTIMEOUT:
		if (fake->no_settimeout)
			return -EOPNOTSUPP;
		if (*seconds < 1)
			return -EINVAL;
		if (*seconds > fake->max_s) {
			if (!fake->clamps)
				return -EINVAL;
			*seconds = fake->max_s;
		}
		fake->timeout_s = *seconds;
		return 0;
	case WDIOC_GETTIMEOUT:
		if (fake->no_gettimeout)
			return -EOPNOTSUPP;
		*seconds = fake->timeout_s;
		return 0;
	default:
		CHECK_EQ(request, 0);
		return -ENOTTY;
	}
}

static int fake_write(void *context, int fd, char byte)
{
	struct fake *fake = context;

	CHECK_EQ(fd, FD);
	CHECK(fake->is_open);
	if (!is_there(fake))
		return -ENODEV;
	if (fake->write_error)
		return fake->write_error;
	fake->magic = byte == 'V';
	fake->fed_ms = fake->now_ms;
	fake->feedings++;
	return 0;
}

static void fake_close(void *context, int fd)
{
	struct fake *fake = context;

	CHECK_EQ(fd, FD);
	CHECK(fake->is_open);
	fake->is_open = false;
	fake->fed_ms = fake->now_ms;
	if (fake->magic && !fake->nowayout)
		fake->runs = false;
}

/* Time passes; an unfed watchdog resets the machine, which ends the test. */
static bool fake_sleep(void *context, int64_t ms)
{
	struct fake *fake = context;
	bool release = fake->release_ms <= fake->now_ms + ms;

	CHECK(ms > 0);
	fake->now_ms = release && fake->release_ms > fake->now_ms ? fake->release_ms : fake->now_ms + ms;
	if (release)
		fake->release_ms = INT64_MAX;
	if (fake->runs && fake->now_ms < fake->taken_ms && !fake->reset &&
	    fake->now_ms - fake->fed_ms >= fake->timeout_s * 1000) {
		fake->reset = true;
		fake->reset_ms = fake->fed_ms + fake->timeout_s * 1000;
	}
	if (fake->now_ms >= fake->end_ms)
		longjmp(fake->end, 1);
	return release;
}

static int64_t fake_now_ms(void *context)
{
	return ((struct fake *)context)->now_ms;
}

static int fake_shuts_down(void *context)
{
	struct fake *fake = context;

	if (fake->proc_fails)
		return -ENFILE;
	return fake->now_ms >= fake->shutdown_ms && fake->now_ms < fake->shutdown_end_ms;
}

static bool fake_cannot_stop(void *context)
{
	struct fake *fake = context;

	return fake->nowayout || fake->nowayout_unknown;
}

static void fake_released(void *context)
{
	struct fake *fake = context;

	CHECK(!fake->is_open);
	fake->released++;
}

static void fake_log(void *context, const char *text)
{
	struct fake *fake = context;

	CHECK(strlen(fake->log) + strlen(text) + 2 < sizeof fake->log);
	strcat(fake->log, text);
	strcat(fake->log, "\n");
}

static int run(struct fake *fake, int wanted_s)
{
	static const struct feeder_machine machine = {
		.open = fake_open, .ioctl = fake_ioctl, .write = fake_write, .close = fake_close,
		.sleep = fake_sleep, .now_ms = fake_now_ms, .shuts_down = fake_shuts_down,
		.cannot_stop = fake_cannot_stop, .released = fake_released, .log = fake_log,
	};

	if (setjmp(fake->end))
		return 1;
	return feeder_run(&machine, fake, "/dev/watchdog0", wanted_s);
}

static int lines(const struct fake *fake)
{
	int count = 0;
	const char *text;

	for (text = fake->log; *text; text++)
		count += *text == '\n';
	return count;
}

/* sets MAX WANTED TIMEOUT: by a driver that refuses more than the maximum. */
static void sets(int max_s, int wanted_s, int timeout_s)
{
	struct fake fake = fake_new();

	fake.max_s = max_s;
	fake.release_ms = 1;
	CHECK_EQ(run(&fake, wanted_s), 0);
	CHECK_EQ(fake.timeout_s, timeout_s);
	fake = fake_new();
	fake.max_s = max_s;
	fake.clamps = true;
	fake.release_ms = 1;
	CHECK_EQ(run(&fake, wanted_s), 0);
	CHECK_EQ(fake.timeout_s, timeout_s);
}

static void sets_the_largest_timeout(void)
{
	struct fake fake = fake_new();
	int max_s;

	sets(15, 60, 15);
	sets(60, 60, 60);
	sets(1023, 60, 60);
	sets(1, 3600, 1);
	for (max_s = 1; max_s <= 130; max_s++)
		sets(max_s, 120, max_s < 120 ? max_s : 120);

	/* A driver that cannot set any keeps its own. */
	fake.no_settimeout = true;
	fake.release_ms = 1;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK_SAYS(fake.log, "time-out 30 s");
}

/* For an hour, and not more often than it takes. */
static void feeds_in_time(int max_s, bool no_gettimeout)
{
	struct fake fake = fake_new();
	int interval_s;

	fake.max_s = max_s;
	fake.no_gettimeout = no_gettimeout;
	fake.release_ms = 3600 * 1000;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK(!fake.reset);
	CHECK(!fake.runs);
	CHECK_EQ(fake.opens, 1);
	CHECK_EQ(fake.released, 1);
	interval_s = no_gettimeout ? 1 : (max_s < 60 ? max_s : 60) / 3;
	CHECK(fake.feedings <= 3600 / interval_s + 2);
	CHECK_SAYS(fake.log, "feeds /dev/watchdog0 (A watchdog with a name of 32 cha), time-out ");
	/* Once, not each time. */
	CHECK_EQ(lines(&fake), 2);
}

static void waits_for_the_device(void)
{
	struct fake fake = fake_new();

	fake.appears_ms = 3000 * 1000;
	fake.busy_until_ms = 4000 * 1000;
	fake.release_ms = 5000 * 1000;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK_EQ(fake.opens, 1);
	CHECK(fake.feedings > 40);
	CHECK_SAYS(fake.log, "waits for /dev/watchdog0: No such file");
	CHECK_EQ(lines(&fake), 3);

	/* A release before there is one. */
	fake = fake_new();
	fake.appears_ms = INT64_MAX;
	fake.release_ms = 1500;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK_EQ(fake.released, 1);
	CHECK_EQ(fake.opens, 0);
	CHECK_EQ(lines(&fake), 0);
}

static void takes_it_again_when_it_is_back(void)
{
	struct fake fake = fake_new();

	fake.gone_ms = 100 * 1000;
	fake.back_ms = 200 * 1000;
	fake.release_ms = 900 * 1000;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK_EQ(fake.opens, 2);
	CHECK_SAYS(fake.log, "/dev/watchdog0 is gone");
	CHECK(fake.feedings > 30);
}

static void refuses_other_devices(void)
{
	struct fake fake = fake_new();

	fake.no_support = true;
	CHECK_EQ(run(&fake, 60), -ENOTTY);
	CHECK(!fake.is_open);
	CHECK_EQ(fake.feedings, 0);
}

static void tries_again_after_an_error(void)
{
	struct fake fake = fake_new();

	fake.write_error = -EIO;
	fake.release_ms = 10 * 1000;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK_SAYS(fake.log, "cannot feed /dev/watchdog0: Input/output error");
	CHECK_EQ(lines(&fake), 3);
}

/* No descriptor is free for the file in /proc. */
static void feeds_though_proc_fails(void)
{
	struct fake fake = fake_new();

	fake.proc_fails = true;
	fake.release_ms = 1000 * 1000;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK(!fake.reset);
}

/* Until another process has it, a timer that cannot be stopped is fed; also if it is not known
 * that it can.
 */
static void lends(bool unknown)
{
	struct fake fake = fake_new();

	fake.nowayout = !unknown;
	fake.nowayout_unknown = unknown;
	fake.release_ms = 100 * 1000;
	fake.taken_ms = 2000 * 1000 + 1;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK(!fake.reset);
	CHECK_EQ(fake.released, 1);
	CHECK(!fake.is_open);
	CHECK(fake.now_ms < 2021 * 1000);
	CHECK_SAYS(fake.log, "cannot be stopped");
	CHECK_SAYS(fake.log, "another process feeds it; ends");
	/* systemd finds it free at nearly each time. */
	CHECK(fake.opens > 90 && fake.opens < 110);
}

static void lends_no_device_that_is_gone(void)
{
	struct fake fake = fake_new();

	fake.nowayout = true;
	fake.release_ms = 100 * 1000;
	fake.gone_ms = 500 * 1000;
	CHECK_EQ(run(&fake, 60), 0);
	CHECK(fake.now_ms < 521 * 1000);
}

/* A shutdown that hangs is ended by the watchdog, in both states. */
static void ends_a_shutdown(bool lending)
{
	struct fake fake = fake_new();
	int64_t began_ms = 300 * 1000;

	fake.nowayout = lending;
	fake.release_ms = lending ? 100 * 1000 : INT64_MAX;
	fake.shutdown_ms = began_ms;
	/* Another program is PID 1 then. */
	fake.shutdown_end_ms = began_ms + 60 * 1000;
	fake.end_ms = 3000 * 1000;
	CHECK_EQ(run(&fake, 60), 1);
	CHECK(fake.reset);
	CHECK(fake.reset_ms >= began_ms + FEEDER_SHUTDOWN_MS);
	CHECK(fake.reset_ms <= began_ms + FEEDER_SHUTDOWN_MS + 121 * 1000);
	CHECK_SAYS(fake.log, "shuts down: feeds /dev/watchdog0 for at most 600 s more");
	CHECK_SAYS(fake.log, "does not end: feeds /dev/watchdog0 no more");
}

int main(void)
{
	sets_the_largest_timeout();
	feeds_in_time(1000, false);
	feeds_in_time(15, false);
	feeds_in_time(3, false);
	feeds_in_time(3, true);
	waits_for_the_device();
	takes_it_again_when_it_is_back();
	refuses_other_devices();
	tries_again_after_an_error();
	feeds_though_proc_fails();
	lends(false);
	lends(true);
	lends_no_device_that_is_gone();
	ends_a_shutdown(false);
	ends_a_shutdown(true);
	return 0;
}
