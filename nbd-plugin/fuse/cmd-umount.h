/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#ifndef FARROOT_CMD_UMOUNT_H
#define FARROOT_CMD_UMOUNT_H

/* Unmounts what farroot mount has mounted on folder, and waits until its server has ended, 10 s
 * at most.  Returns the exit status, after a message if it is not 0.
 */
int cmd_umount(const char *folder);

#endif
