/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/commands.h"
#include "tool/mount-place.h"

/* The path of the folder that holds it, and its name. */
static int resolve_dead(const char *folder, char *out)
{
	char parent[PATH_MAX], *slash;
	const char *name;
	size_t length = strlen(folder);

	if (length >= sizeof parent)
		return -ENAMETOOLONG;
	strcpy(parent, folder);
	while (length > 1 && parent[length - 1] == '/')
		parent[--length] = '\0';
	slash = strrchr(parent, '/');
	name = slash ? folder + (slash - parent) + 1 : folder;
	length -= slash ? (size_t)(slash - parent) + 1 : 0;
	if (!slash)
		strcpy(parent, ".");
	else
		slash[slash == parent] = '\0';
	if (!realpath(parent, out))
		return -errno;
	if (strlen(out) + length + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	if (strcmp(out, "/"))
		strcat(out, "/");
	strncat(out, name, length);
	return 0;
}

int mount_place_resolve(const char *folder, char *out)
{
	if (realpath(folder, out))
		return 0;
	/* What a FUSE file system without a server answers. */
	if (errno == ENOTCONN || errno == ECONNABORTED)
		return resolve_dead(folder, out);
	return -errno;
}

int mount_place_runtime(char *out, size_t size)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (geteuid() == 0)
		snprintf(out, size, DEFAULT_FOLDER);
	else if (xdg && *xdg == '/' && !access(xdg, W_OK))
		snprintf(out, size, "%s/farroot", xdg);
	else
		snprintf(out, size, "/tmp/farroot-%u", (unsigned)geteuid());
	if (mkdir(out, geteuid() ? 0700 : 0755) && errno != EEXIST)
		return -errno;
	/* In /tmp, another user may have made it. */
	if (lstat(out, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	return 0;
}

/* FNV-1a: the path of a socket has at most 107 bytes. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return h;
}

int mount_place_socket(const char *folder, char *out, size_t size)
{
	char runtime[PATH_MAX];
	int err = mount_place_runtime(runtime, sizeof runtime);

	if (err)
		return err;
	if ((size_t)snprintf(out, size, "%s/mount-%016" PRIx64 ".sock", runtime, hash(folder)) >= size)
		return -ENAMETOOLONG;
	return 0;
}
