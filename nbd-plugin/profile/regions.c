/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/draw.h"

static int by_offset(const void *left, const void *right)
{
	const struct profile_entry *a = left, *b = right;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

int profile_regions(const struct profile *p, uint64_t size_bytes, struct profile *out)
{
	struct profile_entry *list, *last = NULL;
	uint64_t end, stop;
	size_t i;

	memset(out, 0, sizeof *out);
	list = malloc((p->count + 1) * sizeof *list);
	if (!list)
		return -ENOMEM;
	if (p->count)
		memcpy(list, p->entries, p->count * sizeof *list);
	qsort(list, p->count, sizeof *list, by_offset);
	/* In place: the entries of a region are read before the region is written. */
	for (i = 0; i < p->count && list[i].offset < size_bytes; i++) {
		end = list[i].offset + list[i].length;
		if (end > size_bytes)
			end = size_bytes;
		stop = last ? last->offset + last->length : 0;
		if (last && list[i].offset <= stop) {
			if (end > stop)
				last->length = end - last->offset;
			continue;
		}
		last = &list[out->count++];
		*last = (struct profile_entry){ list[i].offset, end - list[i].offset };
	}
	out->entries = list;
	out->space = p->count + 1;
	return 0;
}

uint64_t profile_bytes(const struct profile *p)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (p->entries[i].length > INT64_MAX - bytes)
			return INT64_MAX;
		bytes += p->entries[i].length;
	}
	return bytes;
}
