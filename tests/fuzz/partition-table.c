/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Looks for each partition of any bytes, as the begin of a disk of the size that the first two
 * bytes say in KiB.  What is found lies within the disk; nothing behind its end is read.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "common/options.h"
#include "engine/format/partition-table.h"

struct disk {
	const uint8_t *bytes;
	size_t size;
	uint64_t disk_bytes;
};

static int read_disk(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	const struct disk *d = ctx;

	REQUIRE(count && count <= d->disk_bytes && offset <= d->disk_bytes - count);
	memset(buf, 0, count);
	if (offset < d->size)
		memcpy(buf, d->bytes + offset, d->size - offset < count ? d->size - offset : count);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct partition p;
	char why[PARTITION_WHY];
	struct disk d;
	unsigned n;
	int err;

	if (size < 2)
		return 0;
	d = (struct disk){ bytes + 2, size - 2, (uint64_t)(bytes[0] | bytes[1] << 8) * 1024 };
	for (n = 1; n <= OPTIONS_MAX_PARTITION; n++) {
		*why = '\0';
		err = partition_find(read_disk, &d, d.disk_bytes, n, &p, why);
		REQUIRE(!err || (err == -EINVAL && *why));
		REQUIRE(err || (p.bytes && p.bytes <= d.disk_bytes && p.offset <= d.disk_bytes - p.bytes));
	}
	return 0;
}
