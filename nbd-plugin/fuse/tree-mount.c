/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Source of the magic numbers: magic(5), and squashfs_fs.h, erofs_fs.h, ext4.h and btrfs_tree.h of
 * the kernel.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fuse/loop-device.h"
#include "fuse/run-program.h"
#include "fuse/tree-mount.h"

#define MAGIC_MAX 8

static const struct kind {
	const char *name;		/* for mount(2) */
	off_t offset;
	const char *magic;
	const char *data;		/* for mount(2): a journal cannot be replayed, because nothing is written */
	const char *helper, *package;	/* NULL: only with root */
	const char *helper_options;
} kinds[] = {
	{ "squashfs", 0, "hsqs", NULL, "squashfuse_ll", "squashfuse", "ro" },
	{ "erofs", 1024, "\xe2\xe1\xf5\xe0", NULL, "erofsfuse", "erofsfuse", "ro" },
	{ "ext4", 1080, "\x53\xef", "noload", "fuse2fs", "fuse2fs", "ro,norecovery" },
	{ "btrfs", 65600, "_BHRfS_M", NULL, NULL, NULL, NULL },
	{ "iso9660", 32769, "CD001", NULL, NULL, NULL, NULL },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

bool tree_is_possible(void)
{
	size_t i;

	if (!geteuid())
		return true;
	for (i = 0; i < KINDS; i++)
		if (kinds[i].helper && run_program_exists(kinds[i].helper))
			return true;
	fprintf(stderr, "farroot mount: --tree without root needs squashfuse_ll; run apt-get install squashfuse, or leave out --tree and use the file image\n");
	return false;
}

/* Returns NULL, after a message, if it is not known. */
static const struct kind *find_kind(const char *image)
{
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	const struct kind *found = NULL;
	char magic[MAGIC_MAX];
	size_t i, length;
	ssize_t got = 0;

	for (i = 0; fd >= 0 && i < KINDS && got >= 0 && !found; i++) {
		length = strlen(kinds[i].magic);
		got = pread(fd, magic, length, kinds[i].offset);
		if (got == (ssize_t)length && !memcmp(magic, kinds[i].magic, length))
			found = &kinds[i];
	}
	if (fd < 0 || got < 0)
		fprintf(stderr, "farroot mount: %s: %s\n", image, strerror(errno));
	else if (!found)
		fprintf(stderr, "farroot mount: --tree: the image is no squashfs, erofs, ext4, btrfs or ISO 9660; of a disk with partitions choose one by -o partition=N, or leave out --tree and use the file image\n");
	if (fd >= 0)
		close(fd);
	return found;
}

/* Returns 0; -errno if there is no loop device, without a message; 1 after a message. */
static int mount_loop(const struct kind *kind, const char *image, const char *folder,
		      const struct mount_options *options)
{
	char device[32];
	int loop = loop_device_attach(image, device, sizeof device), err;

	if (loop < 0)
		return loop;
	err = mount(device, folder, kind->name, MS_RDONLY | options->flags, kind->data) ? errno : 0;
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
	char list[MOUNT_OPTIONS_TEXT + 32];
	const char *const args[] = { kind->helper, "-o", list, image, folder, NULL };
	int status;

	if (!kind->helper) {
		fprintf(stderr, "farroot mount: --tree: only root can mount a %s; leave out --tree and use the file image\n",
			kind->name);
		return -1;
	}
	snprintf(list, sizeof list, "%s%s%s", kind->helper_options, *options->for_tree ? "," : "", options->for_tree);
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
		if (!kind->helper || !run_program_exists(kind->helper)) {
			fprintf(stderr, "farroot mount: --tree: no loop device: %s\n", strerror(-err));
			return -1;
		}
	}
	return mount_fuse(kind, image, folder, options);
}
