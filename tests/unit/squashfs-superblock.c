/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/format/squashfs-superblock.h"

#define USED 100000

static uint8_t bytes[SQUASHFS_SUPERBLOCK_SIZE];
static struct squashfs_tables t;

static void put(size_t at, uint64_t value, size_t size)
{
	for (; size; size--, value >>= 8)
		bytes[at++] = (uint8_t)value;
}

/* As mksquashfs writes it. */
static void begin(void)
{
	put(0, 0x73717368, 4);
	put(28, 4, 2);
	put(40, USED, 8);
	put(64, 70000, 8);
	put(72, 80000, 8);
	put(80, 90000, 8);
}

static bool find(void)
{
	return squashfs_superblock_tables(bytes, sizeof bytes, USED, &t);
}

static void finds_them(void)
{
	begin();
	CHECK(find());
	CHECK_EQ(t.inodes, 70000);
	CHECK_EQ(t.directories, 80000);
	CHECK_EQ(t.fragments, 90000);
	CHECK_EQ(t.end, USED);
	put(80, UINT64_MAX, 8);		/* no fragments */
	CHECK(find());
	CHECK_EQ(t.fragments, USED);
}

static void refuses(size_t at, uint64_t value, size_t size)
{
	begin();
	put(at, value, size);
	CHECK(!find());
}

int main(void)
{
	finds_them();
	refuses(0, 0x68737173, 4);	/* big endian */
	refuses(28, 3, 2);
	refuses(40, USED + 1, 8);
	refuses(64, 80000, 8);
	refuses(64, 95, 8);
	refuses(72, 90001, 8);
	refuses(72, UINT64_MAX, 8);
	begin();
	CHECK(!squashfs_superblock_tables(bytes, sizeof bytes - 1, USED, &t));
	return 0;
}
