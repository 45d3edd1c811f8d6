/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#ifndef FARROOT_SANDBOX_FREE_H
#define FARROOT_SANDBOX_FREE_H

/* Deletes all files of the sandbox, the root directory of this process, except status.json and
 * nbdkit.log there and what is on another file system, such as the store.  For the end of a
 * supervisor after a pivot: in a tmpfs they take memory.  Errors are ignored.  Blocks for the disk.
 */
void sandbox_free(void);

#endif
