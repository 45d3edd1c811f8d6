/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot attach --supervise, which cmd-attach.c calls.
 */
#ifndef FARROOT_CMD_SUPERVISE_H
#define FARROOT_CMD_SUPERVISE_H

/* argv[0] is --supervise.  Returns the exit status when the device can be read, which may take as
 * long as an outage.
 */
int cmd_supervise(int argc, char **argv);

#endif
