/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * One read-only device of the kernel's device mapper, by the ioctls of
 * linux/dm-ioctl.h.  libdevmapper is not used: it would add itself, libudev and libselinux
 * to each initramfs, and waits for udev, which may wait for the root file system that this
 * device holds.
 *
 * The functions need CAP_SYS_ADMIN.  They return 0 or -errno without a message, because
 * only the caller knows what is next.  They block for the kernel only, never for a read of
 * the device, unless the comment says so.  Source: linux/dm-ioctl.h, drivers/md/dm-ioctl.c.
 */
#ifndef FARROOT_DM_DEVICE_H
#define FARROOT_DM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dm_device {
	int control;			/* /dev/mapper/control */
	const char *name;		/* the caller's; at most 100 bytes */
};

struct dm_state {
	uint32_t major, minor;
	bool has_table;			/* false: reads of the device fail */
	bool has_inactive_table;	/* loaded, not yet swapped in */
	bool is_suspended;
	uint64_t sectors;		/* of the table; 0: none */
};

/* Opens the control device, which the caller must close.  Returns the descriptor or -errno:
 * -ENOENT, the kernel has no device mapper (module dm-mod).
 */
int dm_control_open(void);

/* Returns 1 if the kernel has the target (such as "multipath"), 0 if not, or -errno. */
int dm_has_target(int control, const char *target);

/* -ENXIO: there is no device of this name. */
int dm_get_state(const struct dm_device *dm, struct dm_state *out);

/* The status line of the target, or its table line with its parameters, cut to size. */
int dm_get_status(const struct dm_device *dm, char *text, size_t size);
int dm_get_table(const struct dm_device *dm, char *text, size_t size);

/* Makes a device without a table.  -EBUSY: it exists.  Its uuid is farroot-NAME. */
int dm_create(const struct dm_device *dm);
/* Makes its node, mapper/NAME in the directory dev_fd, if there is none. */
int dm_make_node(const struct dm_device *dm, int dev_fd);
int dm_remove(const struct dm_device *dm);
/* Removes the device of this name if dm_create made it; else -ENXIO.  -EBUSY: it is in use. */
int dm_remove_ours(int control, const char *name);

struct dm_target {
	const char *type;		/* such as "multipath" */
	uint64_t start, sectors;
	const char *params;
};

/* Loads an inactive table.  -E2BIG: it is longer than any that is needed here. */
int dm_load(const struct dm_device *dm, const struct dm_target *targets, unsigned count);
/* Drops the inactive table, if there is one. */
int dm_clear(const struct dm_device *dm);

/* Makes the inactive table the active one.  Reads in flight are not flushed, so they must
 * end by themselves soon: detach the device below first.  An interruption in the middle
 * (a SIGKILL) leaves a multipath that does not queue.  Without an inactive table, only
 * ends a suspension.
 */
int dm_swap(const struct dm_device *dm);

/* Sends a message to the target, such as "queue_if_no_path".  -EBUSY: it is suspended. */
int dm_message(const struct dm_device *dm, const char *message);

#endif
