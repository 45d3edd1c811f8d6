/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Source: proc_pid_mountinfo(5).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fuse/mount-table.h"
#include "fuse/run-program.h"

/* Blanks and backslashes are written as \040. */
static void unescape(char *text)
{
	char *to = text, *end;

	for (; *text; text++, to++) {
		*to = *text;
		if (*text == '\\' && strlen(text) > 3) {
			char octal[4] = { text[1], text[2], text[3] };
			long value = strtol(octal, &end, 8);

			if (!*end) {
				*to = (char)value;
				text += 3;
			}
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mount/point options [optional]... - type source super" */
static bool parse_line(char *line, const char *path, struct mount_entry *out)
{
	char *field[64], *save = NULL, *word;
	size_t count = 0, dash = 0;

	for (word = strtok_r(line, " \n", &save); word && count < 64; word = strtok_r(NULL, " \n", &save)) {
		if (!dash && count > 5 && !strcmp(word, "-"))
			dash = count;
		field[count++] = word;
	}
	if (!dash || dash + 2 >= count)
		return false;
	unescape(field[4]);
	if (strcmp(field[4], path))
		return false;
	unescape(field[dash + 2]);
	snprintf(out->type, sizeof out->type, "%s", field[dash + 1]);
	snprintf(out->source, sizeof out->source, "%s", field[dash + 2]);
	return true;
}

bool mount_table_find(const char *path, struct mount_entry *out)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	bool found = false;
	size_t size = 0;
	char *line = NULL;

	if (!table)
		return false;
	/* The last one is on top. */
	while (getline(&line, &size, table) >= 0)
		found |= parse_line(line, path, out);
	free(line);
	fclose(table);
	return found;
}

int mount_table_unmount(const char *path, bool lazily)
{
	const char *const gently[] = { "fusermount3", "-u", path, NULL };
	const char *const forced[] = { "fusermount3", "-u", "-z", "-q", path, NULL };
	int err;

	if (!umount2(path, UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)))
		return 0;
	if (errno != EPERM)
		return -errno;
	err = run_program(lazily ? forced : gently);
	return err == -ENOENT ? -ENOENT : err ? -EPERM : 0;
}
