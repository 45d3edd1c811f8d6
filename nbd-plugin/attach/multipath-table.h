/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The text of a dm-multipath table with one nbd, loop or mapped device or none, and what its status says.
 * Bios, not requests: queue_mode bio, because nbd sleeps where request-based multipath
 * must not.  Source: drivers/md/dm-mpath.c, multipath_ctr and multipath_status.
 *
 * Any thread may call any function; nothing blocks.
 */
#ifndef FARROOT_MULTIPATH_TABLE_H
#define FARROOT_MULTIPATH_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* The fixed major number of the kernel's nbd driver. */
#define NBD_MAJOR 43
#define MULTIPATH_TEXT_BYTES 256

struct multipath_path {
	int nbd;		/* the N of the device /dev/nbdN; -1: it is another one, or none */
	int loop;		/* the N of the device /dev/loopN; -1: it is another one, or none */
	int mapped;		/* the minor number of a device of the device mapper; -1: another one, or none */
	bool is_failed;		/* a read failed; it and all others wait */
};

/* Writes the parameters of a table whose only path is the device major:minor; minor = -1: no
 * path.  With both, a read that has no path waits.
 */
void multipath_table_text(unsigned device_major, int minor, char text[MULTIPATH_TEXT_BYTES]);

/* Parses the status line of such a table.  dm_major: the major number of the device mapper, which
 * the kernel chooses.  Returns 0, or -EINVAL if it is not one of ours: another form, more than one
 * path, or a path that is none of the three.
 */
int multipath_parse_status(const char *status, unsigned dm_major, struct multipath_path *out);

/* Parses the parameters of a table as the kernel shows them.  Returns whether a read without
 * a path waits; false if text is no such table.
 */
bool multipath_queues(const char *table);

#endif
