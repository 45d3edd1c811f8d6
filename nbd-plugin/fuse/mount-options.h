/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The options after -o: those of mount(8) and of FUSE, and parameters of the engine.  Nothing
 * blocks.
 */
#ifndef FARROOT_MOUNT_OPTIONS_H
#define FARROOT_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define MOUNT_OPTIONS_TEXT 1024

/* What -o says, except parameters of the engine. */
struct mount_options {
	bool tree;
	bool allow_other, auto_unmount;
	char fsname[512];		/* "": the URL or the path of the image */
	unsigned long flags;		/* MS_NOSUID and others, for mount(2) */
	/* The same as lists, separated by commas, without fsname: */
	char for_image[MOUNT_OPTIONS_TEXT];	/* for libfuse */
	char for_tree[MOUNT_OPTIONS_TEXT];	/* for squashfuse_ll and erofsfuse */
};

void mount_options_init(struct mount_options *options);

/* Takes a list, separated by commas; "\," is a comma inside a value.  Changes the list.  Gives
 * each key=value that is not an option of its own to set, which returns 0, or -errno with a
 * message in why (why_size bytes).  Returns the same.
 */
int mount_options_parse(struct mount_options *options, char *list,
			int (*set)(void *ctx, const char *key, const char *value, char *why, size_t why_size),
			void *ctx, char *why, size_t why_size);

/* Writes the list for fuse_session_mount to out: with --tree, only the user may use the
 * image.  source is the name in the mount table unless fsname= was given.  Returns 0, or -1
 * if size is too small.
 */
int mount_options_for_image(const struct mount_options *options, const char *source, char *out, size_t size);

#endif
