/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#ifndef FARROOT_SANDBOX_FILTER_H
#define FARROOT_SANDBOX_FILTER_H

/* From now on this process, and what it starts, cannot make the system calls that neither a server
 * nor its supervisor needs, and that an attacker inside would try first: they fail with EPERM.  Also
 * sets no_new_privs.  Returns 0 or -errno; -ENOSYS: the kernel has no seccomp.  See seccomp(2).
 */
int sandbox_filter(void);

#endif
