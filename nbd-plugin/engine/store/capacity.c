/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/store/capacity.h"
#include "engine/store/memory-state.h"

uint64_t capacity_memory_available(void)
{
	struct memory_state memory;

	if (!memory_state_read(MEMORY_STATE_PROC, &memory) && memory.available_bytes)
		return memory.available_bytes;
	return (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The largest size of the file: the free space and the space that it already uses. */
static uint64_t disk_available(int fd)
{
	struct statvfs fs;
	struct stat st;

	if (fstatvfs(fd, &fs) || fstat(fd, &st))
		return 0;
	return (uint64_t)fs.f_bavail * fs.f_frsize + (uint64_t)st.st_blocks * 512;
}

static uint64_t default_capacity(uint64_t image_bytes, int store_fd)
{
	uint64_t room;

	if (store_fd >= 0) {
		room = disk_available(store_fd);
		return image_bytes <= room ? image_bytes : room / 10 * 9;
	}
	room = capacity_memory_available() / 2;
	return image_bytes <= room ? image_bytes : room;
}

uint64_t capacity_bytes(const struct options *options, uint64_t image_bytes, int store_fd)
{
	uint64_t bytes = 0;

	switch (options->cache_kind) {
	case CACHE_DEFAULT:
		bytes = default_capacity(image_bytes, store_fd);
		break;
	case CACHE_BYTES:
		bytes = options->cache_value;
		break;
	case CACHE_PERCENT:
		bytes = capacity_memory_available() / 100 * options->cache_value;
		break;
	}
	return bytes < image_bytes ? bytes : image_bytes;
}
