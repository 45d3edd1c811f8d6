/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Source of the magic numbers: magic(5), squashfs_fs.h and erofs_fs.h of the kernel.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fuse/loop-device.h"
#include "fuse/run-program.h"
#include "fuse/tree-mount.h"

static const struct kind {
	const char *name;		/* for mount(2) */
	size_t offset;
	const char magic[5];
	const char *helper, *package;
} kinds[] = {
	{ "squashfs", 0, "hsqs", "squashfuse_ll", "squashfuse" },
	{ "erofs", 1024, "\xe2\xe1\xf5\xe0", "erofsfuse", "erofsfuse" },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

bool tree_is_possible(void)
{
	size_t i;

	if (!geteuid())
		return true;
	for (i = 0; i < KINDS; i++)
		if (run_program_exists(kinds[i].helper))
			return true;
	fprintf(stderr, "farroot mount: --tree without root needs squashfuse_ll; run apt-get install squashfuse, or leave out --tree and use the file image\n");
	return false;
}

/* Returns NULL, after a message, if it is not known. */
static const struct kind *find_kind(const char *image)
{
	char start[2048] = "";
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, start, sizeof start, 0);
	size_t i;

	if (got < 0)
		fprintf(stderr, "farroot mount: %s: %s\n", image, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return NULL;
	for (i = 0; i < KINDS; i++)
		if ((size_t)got >= kinds[i].offset + 4 &&
		    !memcmp(start + kinds[i].offset, kinds[i].magic, 4))
			return &kinds[i];
	fprintf(stderr, "farroot mount: --tree: the image is neither a squashfs nor an erofs; leave out --tree and use the file image\n");
	return NULL;
}

/* Returns 0; -errno if there is no loop device, without a message; 1 after a message. */
static int mount_loop(const struct kind *kind, const char *image, const char *folder,
		      const struct mount_options *options)
{
	char device[32];
	int loop = loop_device_attach(image, device, sizeof device), err;

	if (loop < 0)
		return loop;
	err = mount(device, folder, kind->name, MS_RDONLY | options->flags, NULL) ? errno : 0;
	close(loop);
	if (!err)
		return 0;
	if (err == ENODEV)
		fprintf(stderr, "farroot mount: this kernel has no %s\n", kind->name);
	else
		fprintf(stderr, "farroot mount: %s: cannot mount the %s of the image: %s\n", folder,
			kind->name, strerror(err));
	return 1;
}

static int mount_fuse(const struct kind *kind, const char *image, const char *folder,
		      const struct mount_options *options)
{
	char list[MOUNT_OPTIONS_TEXT + 8];
	const char *const args[] = { kind->helper, "-o", list, image, folder, NULL };
	int status;

	snprintf(list, sizeof list, "ro%s%s", *options->for_tree ? "," : "", options->for_tree);
	status = run_program(args);
	if (status == -ENOENT)
		fprintf(stderr, "farroot mount: --tree: %s is not installed; run apt-get install %s, or leave out --tree and use the file image\n",
			kind->helper, kind->package);
	else if (status)
		fprintf(stderr, "farroot mount: %s: %s failed with %d\n", folder, kind->helper, status);
	return status ? -1 : 0;
}

int tree_mount(const char *image, const char *folder, const struct mount_options *options)
{
	const struct kind *kind = find_kind(image);
	int err;

	if (!kind)
		return -1;
	if (!geteuid()) {
		err = mount_loop(kind, image, folder, options);
		if (!err)
			return 0;
		if (err > 0)
			return -1;
		if (!run_program_exists(kind->helper)) {
			fprintf(stderr, "farroot mount: --tree: no loop device: %s\n", strerror(-err));
			return -1;
		}
	}
	return mount_fuse(kind, image, folder, options);
}
