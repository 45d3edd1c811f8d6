/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "tool/status-show.h"

double status_mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

double status_percent(const struct status *s)
{
	if (s->present_bytes >= s->image_bytes)
		return s->image_bytes ? 100 : 0;
	return 100.0 * (double)s->present_bytes / (double)s->image_bytes;
}

static void print_time(const char *label, int64_t unix_time)
{
	time_t when = (time_t)unix_time;
	char text[64];
	struct tm tm;

	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime_r(&when, &tm));
	printf("%-9s since %s (%" PRId64 " s)\n", label, text, (int64_t)time(NULL) - unix_time);
}

/* " X MiB, N min at the measured rate". */
static void print_need(uint64_t bytes, uint64_t rate)
{
	printf(" needs %.1f MiB", status_mib(bytes));
	if (bytes && rate)
		printf(" (%" PRIu64 " min %" PRIu64 " s)", bytes / rate / 60, bytes / rate % 60);
}

static void print_needs(const struct status *s)
{
	uint64_t rest = s->image_bytes > s->present_bytes ? s->image_bytes - s->present_bytes : 0;

	printf("%-9s ready", "to come");
	print_need(s->ready_needs_bytes, s->rate_bytes_per_s);
	printf(", everything");
	print_need(rest, s->rate_bytes_per_s);
	printf("%s\n", s->rate_bytes_per_s ? " at the measured rate" : "");
}

void status_print(const struct status *s)
{
	printf("%-9s %s\n", "state", status_state_name(s->state));
	if (s->origin[0])
		printf("%-9s %s\n", "origin", s->origin);
	printf("%-9s %.1f of %.1f MiB (%.1f %%)\n", "present", status_mib(s->present_bytes),
	       status_mib(s->image_bytes), status_percent(s));
	if (s->seekable.frames)
		printf("%-9s %.1f MiB, compressed in %" PRIu64 " frames\n", "exports",
		       status_mib(s->seekable.uncompressed_bytes), s->seekable.frames);
	if (s->partition.number)
		printf("%-9s %" PRIu64 ", %.1f MiB\n", "partition", s->partition.number, status_mib(s->partition.bytes));
	printf("%-9s %.1f MiB in %" PRIu64 " requests, %.1f MiB wasted\n", "fetched",
	       status_mib(s->fetched_bytes), s->requests, status_mib(s->wasted_bytes));
	printf("%-9s %.1f MiB, %u reads waiting\n", "served", status_mib(s->served_bytes), s->waiting);
	if (s->rate_bytes_per_s)
		printf("%-9s %.2f MiB/s, round trip %u ms\n", "link",
		       status_mib(s->rate_bytes_per_s), s->rtt_ms);
	if (s->state != STATUS_OPENING && s->state != STATUS_MATERIALIZED)
		print_needs(s);
	if (s->budget_bytes)
		printf("%-9s %.1f of %.1f MiB left\n", "budget", status_mib(s->budget_left_bytes),
		       status_mib(s->budget_bytes));
	if (s->hold[0])
		printf("%-9s %s\n", "held", s->hold);
	if (s->outage_since)
		print_time("outage", s->outage_since);
	if (s->corrupt_blocks)
		printf("%-9s %" PRIu64 " blocks do not verify, the last of them from %s\n", "corrupt",
		       s->corrupt_blocks, s->corrupt_origin);
	if (s->corrupt_since)
		print_time("corrupt", s->corrupt_since);
	if (s->last_error[0])
		printf("%-9s %s (%" PRId64 " s ago)\n", "last", s->last_error, s->last_error_age_s);
	if (s->eta_s > 0)
		printf("%-9s %" PRId64 " min %" PRId64 " s until the whole image is present\n",
		       "eta", s->eta_s / 60, s->eta_s % 60);
}
