/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tool/status-show.h"

#define BAR_WIDTH 30

static unsigned terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

void status_print_progress(const struct status *s, bool on_terminal)
{
	bool is_stuck = s->state == STATUS_OUTAGE || s->state == STATUS_OPENING;
	const char *why = is_stuck ? s->last_error : s->hold;
	char bar[BAR_WIDTH + 1], eta[48] = "", line[512];
	int filled = (int)(status_percent(s) * BAR_WIDTH / 100);

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[BAR_WIDTH] = '\0';
	if (s->eta_s > 0)
		snprintf(eta, sizeof eta, " %" PRId64 ":%02d to go", s->eta_s / 60,
			 (int)(s->eta_s % 60));
	snprintf(line, sizeof line, "[%s] %5.1f %% %s, %.1f MiB fetched, %.2f MiB/s%s%s%s", bar,
		 status_percent(s), status_state_name(s->state), status_mib(s->fetched_bytes),
		 status_mib(s->rate_bytes_per_s), eta, why[0] ? " " : "", why);
	/* A line that wraps could not be drawn over. */
	if (on_terminal)
		printf("\r\033[K%.*s", (int)terminal_columns() - 1, line);
	else
		printf("%s\n", line);
	fflush(stdout);
}
