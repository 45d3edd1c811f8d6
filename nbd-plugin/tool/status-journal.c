/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "tool/status-journal.h"
#include "tool/status-show.h"

/* journalctl MESSAGE_ID=… finds the entries about changes of state. */
#define MESSAGE_ID "0c6d3f1ad58a4b0f9c0b7f0c5a1e4d27"
#define ENTRY_BYTES 2048
#define ENTRIES_MAX 10
#define FORGET_MS 60000

/* As of syslog(3). */
static int priority_of(enum status_state state)
{
	switch (state) {
	case STATUS_OUTAGE:
	case STATUS_CORRUPT:
		return 4;
	default:
		return 5;
	}
}

static void describe(const struct status *s, char *text, size_t size)
{
	switch (s->state) {
	case STATUS_MATERIALIZED:
		snprintf(text, size, "the root file system is materialized: all %.1f MiB are here, no origin is needed any more",
			 status_mib(s->image_bytes));
		break;
	case STATUS_OUTAGE:
	case STATUS_OPENING:
		snprintf(text, size, "the root file system is in state %s, %.1f %% are here: %s", status_state_name(s->state),
			 status_percent(s), s->last_error[0] ? s->last_error : "no origin has answered yet");
		break;
	case STATUS_CORRUPT:
		snprintf(text, size, "%" PRIu64 " blocks of the root file system do not verify, the last of them from %s",
			 s->corrupt_blocks, s->corrupt_origin);
		break;
	default:
		snprintf(text, size, "the root file system is in state %s, %.1f %% are here%s", status_state_name(s->state),
			 status_percent(s), s->is_ready ? ", with all that the profile lists" : "");
	}
}

/* The values have no newline: status_source has made them printable. */
static int format(const struct status_journal *journal, const struct status *s, char entry[ENTRY_BYTES])
{
	char message[640];

	describe(s, message, sizeof message);
	return snprintf(entry, ENTRY_BYTES,
			"MESSAGE=%s\nPRIORITY=%d\nMESSAGE_ID=" MESSAGE_ID "\nSYSLOG_IDENTIFIER=farroot\n"
			"FARROOT_STATE=%s\nFARROOT_PREVIOUS_STATE=%s\nFARROOT_READY=%u\nFARROOT_ORIGIN=%s\n"
			"FARROOT_IMAGE_BYTES=%" PRIu64 "\nFARROOT_PRESENT_BYTES=%" PRIu64 "\n"
			"FARROOT_CORRUPT_BLOCKS=%" PRIu64 "\nFARROOT_LAST_ERROR=%s\n",
			message, priority_of(s->state), status_state_name(s->state),
			journal->has_state ? status_state_name(journal->state) : "", s->is_ready, s->origin,
			s->image_bytes, s->present_bytes, s->corrupt_blocks, s->last_error);
}

static bool send_entry(const char *path, const char *entry, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	ssize_t sent;
	int fd;

	if (strlen(path) >= sizeof address.sun_path)
		return false;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, entry, length, MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof address);
	close(fd);
	return sent == (ssize_t)length;
}

static bool is_loud(struct status_journal *journal)
{
	uint64_t now = clock_ms();

	if (!journal->forgot_ms || !journal->entries)
		journal->forgot_ms = now;
	for (; journal->entries && now - journal->forgot_ms >= FORGET_MS; journal->entries--)
		journal->forgot_ms += FORGET_MS;
	return journal->entries >= ENTRIES_MAX;
}

void status_journal_see(struct status_journal *journal, const struct status *status)
{
	char entry[ENTRY_BYTES];
	int length;

	if (journal->has_state && journal->state == status->state && journal->was_ready == status->is_ready)
		return;
	if (is_loud(journal) && status->state != STATUS_MATERIALIZED)
		return;
	length = format(journal, status, entry);
	if (length < 0 || length >= ENTRY_BYTES || !send_entry(journal->socket, entry, (size_t)length))
		return;
	journal->entries++;
	journal->has_state = true;
	journal->state = status->state;
	journal->was_ready = status->is_ready;
}
