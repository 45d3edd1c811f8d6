/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Changes of a status as entries of systemd's journal, with a field for each value.  The format is
 * the journal's native protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/.  The main thread
 * calls these.
 */
#ifndef FARROOT_STATUS_JOURNAL_H
#define FARROOT_STATUS_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

#define STATUS_JOURNAL_SOCKET "/run/systemd/journal/socket"

struct status_journal {
	const char *socket;
	bool has_state;
	enum status_state state;	/* of the last entry */
	bool was_ready;
	unsigned entries;		/* lately: one a minute is forgotten */
	uint64_t forgot_ms;
};

/* Sends an entry if the state is not that of the last entry, or the image is ready now.  A link
 * that comes and goes makes ten entries, and then one a minute.  Does not block: what the journal
 * cannot take now is sent at a later call.
 */
void status_journal_see(struct status_journal *journal, const struct status *status);

#endif
