/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/format/little-endian.h"
#include "engine/format/partition-table.h"

#define MBR_BYTES 512U
#define MBR_ENTRIES 446U
#define MBR_ENTRY_BYTES 16U
#define MBR_COUNT 4U
#define MBR_TYPE_GPT 0xEEU
#define GPT_HEADER_BYTES 92U
#define GPT_ENTRY_BYTES 128U
/* No partition table is this far from the begin; the usual place is sector 2. */
#define GPT_ENTRIES_MAX (1ULL << 30)

struct disk {
	partition_read *read;
	void *ctx;
	uint64_t bytes;
	char *why;
};

static int read_disk(const struct disk *d, void *buf, uint32_t count, uint64_t offset)
{
	if (count > d->bytes || offset > d->bytes - count) {
		snprintf(d->why, PARTITION_WHY, "the image ends before its partition table");
		return -EINVAL;
	}
	return d->read(d->ctx, buf, count, offset);
}

/* count sectors from the first one on. */
static int take(const struct disk *d, unsigned number, uint64_t first, uint64_t count, unsigned sector,
		struct partition *out)
{
	uint64_t sectors = d->bytes / sector;

	if (!count || first >= sectors || count > sectors - first) {
		snprintf(d->why, PARTITION_WHY, "partition %u does not lie within the image", number);
		return -EINVAL;
	}
	*out = (struct partition){ first * sector, count * sector };
	return 0;
}

static const uint8_t *mbr_entry(const uint8_t *mbr, unsigned number)
{
	return mbr + MBR_ENTRIES + (number - 1) * MBR_ENTRY_BYTES;
}

/* Says which partitions there are. */
static int none_in_mbr(const struct disk *d, const uint8_t *mbr, unsigned number)
{
	char list[32] = "";
	unsigned i;

	for (i = 1; i <= MBR_COUNT; i++)
		if (mbr_entry(mbr, i)[4])
			snprintf(list + strlen(list), sizeof list - strlen(list), " %u", i);
	snprintf(d->why, PARTITION_WHY, "there is no partition %u; the partition table has%s", number,
		 *list ? list : " none");
	return -EINVAL;
}

static int find_in_gpt(const struct disk *d, unsigned number, unsigned sector, const uint8_t *header,
		       struct partition *out)
{
	static const uint8_t unused[16] = { 0 };
	uint64_t entries = little_endian64(header + 72), last;
	uint32_t count = little_endian32(header + 80), size = little_endian32(header + 84);
	uint8_t entry[GPT_ENTRY_BYTES];
	int err;

	if (size < sizeof entry || size > 4096 || size % 8 || entries > GPT_ENTRIES_MAX / sector) {
		snprintf(d->why, PARTITION_WHY, "the partition table (GPT) is damaged");
		return -EINVAL;
	}
	if (number > count) {
		snprintf(d->why, PARTITION_WHY, "there is no partition %u; the partition table has room for %" PRIu32,
			 number, count);
		return -EINVAL;
	}
	err = read_disk(d, entry, sizeof entry, entries * sector + (uint64_t)(number - 1) * size);
	if (err)
		return err;
	if (!memcmp(entry, unused, sizeof unused)) {
		snprintf(d->why, PARTITION_WHY, "there is no partition %u in the partition table (GPT)", number);
		return -EINVAL;
	}
	last = little_endian64(entry + 40);
	if (last < little_endian64(entry + 32))
		last = little_endian64(entry + 32) - 1;	/* take says it */
	return take(d, number, little_endian64(entry + 32), last - little_endian64(entry + 32) + 1, sector, out);
}

static int find_gpt(const struct disk *d, unsigned number, struct partition *out)
{
	uint8_t header[GPT_HEADER_BYTES];
	unsigned sector;
	int err;

	for (sector = 512; sector <= 4096; sector *= 8) {
		err = read_disk(d, header, sizeof header, sector);
		if (err)
			return err;
		if (!memcmp(header, "EFI PART", 8))
			return find_in_gpt(d, number, sector, header, out);
	}
	snprintf(d->why, PARTITION_WHY, "the MBR tells of a GPT, but there is none");
	return -EINVAL;
}

int partition_find(partition_read *read, void *ctx, uint64_t disk_bytes, unsigned number,
		   struct partition *out, char *why)
{
	const struct disk d = { read, ctx, disk_bytes, why };
	uint8_t mbr[MBR_BYTES];
	const uint8_t *entry;
	unsigned i;
	int err;

	err = read_disk(&d, mbr, sizeof mbr, 0);
	if (err)
		return err;
	if (mbr[510] != 0x55 || mbr[511] != 0xaa) {
		snprintf(why, PARTITION_WHY, "the image has no partition table");
		return -EINVAL;
	}
	for (i = 1; i <= MBR_COUNT; i++)
		if (mbr_entry(mbr, i)[4] == MBR_TYPE_GPT)
			return find_gpt(&d, number, out);
	if (number > MBR_COUNT) {
		snprintf(why, PARTITION_WHY, "only the partitions 1 to %u of an MBR can be chosen", MBR_COUNT);
		return -EINVAL;
	}
	entry = mbr_entry(mbr, number);
	if (!entry[4])
		return none_in_mbr(&d, mbr, number);
	return take(&d, number, little_endian32(entry + 8), little_endian32(entry + 12), 512, out);
}
