/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>

#include "check.h"
#include "engine/format/partition-table.h"

#define DISK (1U << 20)

static uint8_t disk[DISK];
static int read_error;
static struct partition p;
static char why[PARTITION_WHY];

static int read_disk(void *ctx, void *buf, uint32_t count, uint64_t offset)
{
	(void)ctx;
	CHECK(count <= DISK && offset <= DISK - count);
	memcpy(buf, disk + offset, count);
	return read_error;
}

static int find(unsigned number)
{
	strcpy(why, "");
	return partition_find(read_disk, NULL, DISK, number, &p, why);
}

static void refused(unsigned number, const char *message)
{
	CHECK_EQ(find(number), -EINVAL);
	CHECK_SAYS(why, message);
}

static void put(uint64_t at, uint64_t n, unsigned bytes)
{
	for (; bytes--; n >>= 8)
		disk[at++] = (uint8_t)n;
}

static void mbr_entry(unsigned number, uint8_t type, uint32_t first, uint32_t count)
{
	uint64_t at = 446 + (number - 1) * 16;

	disk[at + 4] = type;
	put(at + 8, first, 4);
	put(at + 12, count, 4);
}

static void new_disk(void)
{
	memset(disk, 0, sizeof disk);
	disk[510] = 0x55;
	disk[511] = 0xaa;
}

static void mbr(void)
{
	memset(disk, 0, sizeof disk);
	refused(1, "no partition table");
	new_disk();
	refused(1, "there is no partition 1; the partition table has none");
	mbr_entry(1, 0x0c, 8, 512);
	mbr_entry(3, 0x83, 520, 1528);
	CHECK_EQ(find(1), 0);
	CHECK_EQ(p.offset, 8 * 512);
	CHECK_EQ(p.bytes, 512 * 512);
	CHECK_EQ(find(3), 0);
	CHECK_EQ(p.offset + p.bytes, DISK);
	refused(2, "there is no partition 2; the partition table has 1 3");
	refused(5, "only the partitions 1 to 4");
	mbr_entry(3, 0x83, 520, 1529);
	refused(3, "partition 3 does not lie within the image");
	mbr_entry(3, 0x83, 0xffffffff, 0xffffffff);
	refused(3, "does not lie within");
	mbr_entry(3, 0x83, 520, 0);
	refused(3, "does not lie within");
	read_error = -ESHUTDOWN;
	CHECK_EQ(find(1), -ESHUTDOWN);
	read_error = 0;
	CHECK_EQ(partition_find(read_disk, NULL, 511, 1, &p, why), -EINVAL);
	CHECK_SAYS(why, "ends before its partition table");
}

static void gpt_entry(unsigned sector, unsigned number, uint64_t first, uint64_t last)
{
	uint64_t at = 2 * sector + (number - 1) * 128;

	disk[at] = 1;
	put(at + 32, first, 8);
	put(at + 40, last, 8);
}

static void gpt(unsigned sector)
{
	new_disk();
	mbr_entry(1, 0xee, 1, 0xffffffff);
	refused(1, "but there is none");
	memcpy(disk + sector, "EFI PART", 8);
	put(sector + 72, 2, 8);
	put(sector + 80, 4, 4);
	put(sector + 84, 128, 4);
	gpt_entry(sector, 2, 40, 47);
	CHECK_EQ(find(2), 0);
	CHECK_EQ(p.offset, 40 * sector);
	CHECK_EQ(p.bytes, 8 * sector);
	refused(1, "there is no partition 1 in the partition table (GPT)");
	refused(5, "there is no partition 5; the partition table has room for 4");
	gpt_entry(sector, 2, 40, 39);
	refused(2, "does not lie within");
	gpt_entry(sector, 2, 0, UINT64_MAX);
	refused(2, "does not lie within");
	gpt_entry(sector, 2, DISK / sector, DISK / sector);
	refused(2, "does not lie within");
	put(sector + 84, 64, 4);
	refused(2, "damaged");
	put(sector + 84, 128, 4);
	put(sector + 72, UINT64_MAX, 8);
	refused(2, "damaged");
	put(sector + 72, DISK / sector, 8);
	refused(2, "ends before its partition table");
}

int main(void)
{
	mbr();
	gpt(512);
	gpt(4096);
	return 0;
}
