/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands.h"
#include "tool/status-journal.h"
#include "tool/status-prometheus.h"
#include "tool/status-show.h"
#include "tool/status-source.h"

/* The seconds between two looks at a status, and with --watch. */
#define PERIOD_S 2
#define WATCH_PERIOD_S 1

static void help(void)
{
	printf("Usage: farroot status [--json|--prometheus|--watch|--wait=STATE|--journal]\n"
	       "                      [--socket=PATH]\n"
	       "Shows the status of a served image.\n\n"
	       "  -j, --json            print the line of JSON that the server sends\n"
	       "      --prometheus      print metrics for Prometheus\n"
	       "  -w, --watch           show progress until the whole image is present\n"
	       "  -W, --wait=STATE      wait until the image is ready (all that its profile\n"
	       "                        lists is present) or materialized\n"
	       "      --journal[=PATH]  tell systemd's journal each change of state, until\n"
	       "                        the whole image is present\n"
	       "                        (" STATUS_JOURNAL_SOCKET ")\n"
	       "  -s, --socket=PATH     the server's status socket\n"
	       "                        (" DEFAULT_STATUS_SOCKET ")\n"
	       "      --help            show this\n");
}

static bool show_progress(void *ctx, const struct status *s)
{
	const bool *on_terminal = ctx;

	status_print_progress(s, *on_terminal);
	return s->state != STATUS_MATERIALIZED;
}

static int watch(const char *path)
{
	bool on_terminal = isatty(STDOUT_FILENO);

	if (status_source_follow("status", path, NULL, WATCH_PERIOD_S, show_progress, &on_terminal))
		return EXIT_FAILURE;
	if (on_terminal)
		printf("\n");
	return 0;
}

static bool is_not_ready(void *ctx, const struct status *s)
{
	(void)ctx;
	return !s->is_ready && s->state != STATUS_MATERIALIZED;
}

static bool is_not_materialized(void *ctx, const struct status *s)
{
	(void)ctx;
	return s->state != STATUS_MATERIALIZED;
}

static int wait_until(const char *path, const char *state)
{
	bool is_ready = !strcmp(state, "ready");

	if (!is_ready && strcmp(state, "materialized"))
		return tool_usage_error("status", "--wait=%s: neither ready nor materialized", state);
	return status_source_follow("status", path, NULL, PERIOD_S, is_ready ? is_not_ready : is_not_materialized, NULL) ?
	       EXIT_FAILURE : 0;
}

static bool tell_journal(void *ctx, const struct status *s)
{
	struct status_journal *journal = ctx;

	status_journal_see(journal, s);
	return !journal->has_state || journal->state != STATUS_MATERIALIZED;
}

static int tell(const char *path, const char *socket)
{
	struct status_journal journal = { .socket = socket ? socket : STATUS_JOURNAL_SOCKET };

	return status_source_follow("status", path, NULL, PERIOD_S, tell_journal, &journal) ? EXIT_FAILURE : 0;
}

/* The reader of a file must not take a part for the whole. */
static int print_metrics(const struct status *s)
{
	status_prometheus_write(s, stdout);
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "farroot status: cannot write the metrics: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

/* how: 'j', 'p' or 0, as the option. */
static int show(const char *path, int how)
{
	static char text[STATUS_SOURCE_BYTES];
	struct status s;

	if (status_source_ask("status", path, NULL, text, &s, NULL))
		return EXIT_FAILURE;
	if (how == 'p')
		return print_metrics(&s);
	if (how == 'j')
		fputs(text, stdout);
	else
		status_print(&s);
	return 0;
}

int cmd_status(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "prometheus", no_argument, NULL, 'p' },
		{ "watch", no_argument, NULL, 'w' },
		{ "wait", required_argument, NULL, 'W' },
		{ "journal", optional_argument, NULL, 'J' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DEFAULT_STATUS_SOCKET, *argument = NULL;
	int c, what = 0;

	while ((c = getopt_long(argc, argv, "jwW:s:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
		case 'p':
		case 'w':
		case 'W':
		case 'J':
			if (what && what != c)
				return tool_usage_error("status", "--json, --prometheus, --watch, --wait and --journal cannot be used together");
			what = c;
			argument = optarg;
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
	switch (what) {
	case 'w':
		return watch(path);
	case 'W':
		return wait_until(path, argument);
	case 'J':
		return tell(path, argument);
	default:
		return show(path, what);
	}
}
