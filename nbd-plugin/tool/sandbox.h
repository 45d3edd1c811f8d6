/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The environment of a program that the root file system depends on.  Such a program must
 * survive the end of the initramfs, the kills of systemd and a lack of memory, and must not
 * need a file that is read through itself.
 *
 * For processes with one thread.
 */
#ifndef FARROOT_SANDBOX_H
#define FARROOT_SANDBOX_H

#include <stdint.h>

/* Protects this process from the OOM killer, from waiting for write-back and from a busy
 * processor, and lets it lock memory; its children inherit all of these.  If the kernel or
 * a container forbids one of these settings, a message says so and the process goes on:
 * each setting only makes its death less likely.
 */
void sandbox_protect(void);

/* Gives up the capabilities whose bits are not in keep (1 << CAP_...), for this process and its
 * children, and the right to get new ones by executing a file.  Returns 0 or -errno.
 */
int sandbox_keep_capabilities(uint64_t keep);

/* Replaces this process by command (absolute path and arguments, then NULL), with the root
 * directory directory, without capabilities, in a session of its own, with a name that
 * begins with @.  The output goes to log_path, a path outside of directory, unless that is
 * NULL.  Calls sandbox_protect.  Returns only on failure: the exit status, after printing
 * the reason on standard error.
 */
int sandbox_exec(const char *directory, const char *log_path, char **command);

#endif
