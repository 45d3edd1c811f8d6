/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "attach/sandbox-free.h"

#define DESCRIPTORS 16

static int free_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	if (strcmp(path, "/status.json") && strcmp(path, "/nbdkit.log"))
		remove(path);
	return 0;
}

void sandbox_free(void)
{
	umount("/proc");
	/* Not into other file systems, and a folder after what is in it. */
	nftw("/", free_one, DESCRIPTORS, FTW_DEPTH | FTW_MOUNT | FTW_PHYS);
}
