/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach/loop-device.h"
#include "attach/multipath-table.h"

#define WORD_BYTES 64

void multipath_table_text(unsigned device_major, int minor, char text[MULTIPATH_TEXT_BYTES])
{
	/* Three words of features, none of a hardware handler, ... */
	static const char features[] = "3 queue_if_no_path queue_mode bio 0";

	if (minor < 0)
		/* ... no group of paths. */
		snprintf(text, MULTIPATH_TEXT_BYTES, "%s 0 0", features);
	else
		/* ... one group, the first; one path without words of its own. */
		snprintf(text, MULTIPATH_TEXT_BYTES, "%s 1 1 round-robin 0 1 0 %u:%d", features, device_major, minor);
}

/* Takes the next word; "" at the end of the text. */
static void next_word(const char **text, char word[WORD_BYTES])
{
	size_t length;

	*text += strspn(*text, " \n");
	length = strcspn(*text, " \n");
	snprintf(word, WORD_BYTES, "%.*s", (int)length, *text);
	*text += length;
}

static int next_number(const char **text, unsigned *out)
{
	char word[WORD_BYTES], end;

	next_word(text, word);
	return sscanf(word, "%u%c", out, &end) == 1 && *out < 1000 ? 0 : -EINVAL;
}

/* A number, and as many words. */
static int skip_list(const char **text)
{
	char word[WORD_BYTES];
	unsigned count;

	if (next_number(text, &count))
		return -EINVAL;
	while (count--)
		next_word(text, word);
	return 0;
}

static int *path_of(struct multipath_path *out, unsigned device_major, unsigned dm_major)
{
	if (device_major == NBD_MAJOR)
		return &out->nbd;
	if (device_major == LOOP_DEVICE_MAJOR)
		return &out->loop;
	return device_major == dm_major ? &out->mapped : NULL;
}

int multipath_parse_status(const char *status, unsigned dm_major, struct multipath_path *out)
{
	unsigned groups, first, paths, words, device_major, minor;
	char word[WORD_BYTES], end;
	int *path;

	*out = (struct multipath_path){ .nbd = -1, .loop = -1, .mapped = -1 };
	/* Features, hardware handler. */
	if (skip_list(&status) || skip_list(&status) || next_number(&status, &groups) ||
	    next_number(&status, &first) || groups > 1)
		return -EINVAL;
	if (groups == 0)
		return 0;
	next_word(&status, word);	/* A, E or D: the state of the group */
	if (skip_list(&status) || next_number(&status, &paths) || next_number(&status, &words) ||
	    paths != 1)
		return -EINVAL;
	next_word(&status, word);
	if (sscanf(word, "%u:%u%c", &device_major, &minor, &end) != 2 || minor > 1000)
		return -EINVAL;
	path = path_of(out, device_major, dm_major);
	if (!path)
		return -EINVAL;
	next_word(&status, word);
	if (strcmp(word, "A") != 0 && strcmp(word, "F") != 0)
		return -EINVAL;
	*path = (int)minor;
	out->is_failed = *word == 'F';
	return 0;
}

bool multipath_queues(const char *table)
{
	char word[WORD_BYTES];
	unsigned count;

	if (next_number(&table, &count))
		return false;
	while (count--) {
		next_word(&table, word);
		if (!strcmp(word, "queue_if_no_path"))
			return true;
	}
	return false;
}
