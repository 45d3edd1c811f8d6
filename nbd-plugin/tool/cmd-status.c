/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/printable.h"
#include "common/status-file.h"
#include "common/status.h"
#include "tool/commands.h"

#define TEXT_MAX 65536
#define BAR_WIDTH 30

static void help(void)
{
	printf("Usage: farroot status [--json|--watch] [--socket=PATH]\n"
	       "Shows the status of a served image.\n\n"
	       "  -j, --json         print the line of JSON that the server sends\n"
	       "  -w, --watch        show progress until the whole image is present\n"
	       "  -s, --socket=PATH  the server's status socket\n"
	       "                     (" DEFAULT_STATUS_SOCKET ")\n"
	       "      --help         show this\n");
}

static double mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static double percent(const struct status *s)
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
	printf(" needs %.1f MiB", mib(bytes));
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

static void print_text(const struct status *s)
{
	printf("%-9s %s\n", "state", status_state_name(s->state));
	if (s->origin[0])
		printf("%-9s %s\n", "origin", s->origin);
	printf("%-9s %.1f of %.1f MiB (%.1f %%)\n", "present", mib(s->present_bytes),
	       mib(s->image_bytes), percent(s));
	printf("%-9s %.1f MiB in %" PRIu64 " requests, %.1f MiB wasted\n", "fetched",
	       mib(s->fetched_bytes), s->requests, mib(s->wasted_bytes));
	printf("%-9s %.1f MiB, %u reads waiting\n", "served", mib(s->served_bytes), s->waiting);
	if (s->rate_bytes_per_s)
		printf("%-9s %.2f MiB/s, round trip %u ms\n", "link",
		       mib(s->rate_bytes_per_s), s->rtt_ms);
	if (s->state != STATUS_OPENING && s->state != STATUS_MATERIALIZED)
		print_needs(s);
	if (s->budget_bytes)
		printf("%-9s %.1f of %.1f MiB left\n", "budget", mib(s->budget_left_bytes),
		       mib(s->budget_bytes));
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

static unsigned terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

static void print_line(const struct status *s, bool on_terminal)
{
	bool is_stuck = s->state == STATUS_OUTAGE || s->state == STATUS_OPENING;
	const char *why = is_stuck ? s->last_error : s->hold;
	char bar[BAR_WIDTH + 1], eta[48] = "", line[512];
	int filled = (int)(percent(s) * BAR_WIDTH / 100);

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[BAR_WIDTH] = '\0';
	if (s->eta_s > 0)
		snprintf(eta, sizeof eta, " %" PRId64 ":%02d to go", s->eta_s / 60,
			 (int)(s->eta_s % 60));
	snprintf(line, sizeof line, "[%s] %5.1f %% %s, %.1f MiB fetched, %.2f MiB/s%s%s%s", bar,
		 percent(s), status_state_name(s->state), mib(s->fetched_bytes),
		 mib(s->rate_bytes_per_s), eta, why[0] ? " " : "", why);
	/* A line that wraps could not be drawn over. */
	if (on_terminal)
		printf("\r\033[K%.*s", (int)terminal_columns() - 1, line);
	else
		printf("%s\n", line);
	fflush(stdout);
}

static int get(const char *path, char *text, struct status *s)
{
	ssize_t length = status_client_ask(path, NULL, STATUS_CLIENT_LIMIT_S, text, TEXT_MAX - 1), kept;

	/* After a pivot there is no server any more, but its last answer. */
	if (length == -ECONNREFUSED || length == -ENOENT) {
		kept = status_file_read(path, text, TEXT_MAX - 1);
		length = kept > 0 ? kept : length;
	}
	if (length < 0) {
		fprintf(stderr, "farroot status: %s: %s; is the image being served?\n", path,
			strerror((int)-length));
		return -1;
	}
	text[length] = '\0';
	if (status_from_json(text, (size_t)length, s)) {
		fprintf(stderr, "farroot status: %s: not the answer of a farroot server\n", path);
		return -1;
	}
	/* The text may come from another server: control characters must not reach the terminal. */
	make_printable(s->origin);
	make_printable(s->hold);
	make_printable(s->corrupt_origin);
	make_printable(s->last_error);
	return 0;
}

static int watch(const char *path, char *text)
{
	bool on_terminal = isatty(STDOUT_FILENO);
	struct status s;

	do {
		if (get(path, text, &s))
			return EXIT_FAILURE;
		print_line(&s, on_terminal);
		if (s.state != STATUS_MATERIALIZED)
			sleep(1);
	} while (s.state != STATUS_MATERIALIZED);
	if (on_terminal)
		printf("\n");
	return 0;
}

int cmd_status(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", no_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static char text[TEXT_MAX];
	const char *path = DEFAULT_STATUS_SOCKET;
	bool json = false, keep_watching = false;
	struct status s;
	int c;

	while ((c = getopt_long(argc, argv, "jws:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'w':
			keep_watching = true;
			break;
		case 's':
			path = optarg;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error("status", "bad option");
		}
	}
	if (optind < argc)
		return tool_usage_error("status", "%s: takes no arguments", argv[optind]);
	if (json && keep_watching)
		return tool_usage_error("status", "--json and --watch cannot be used together");
	if (keep_watching)
		return watch(path, text);
	if (get(path, text, &s))
		return EXIT_FAILURE;
	if (json)
		fputs(text, stdout);
	else
		print_text(&s);
	return 0;
}
