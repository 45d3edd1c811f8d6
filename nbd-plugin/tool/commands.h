/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The subcommands of farroot(1).  Each takes its own argv and returns the exit
 * status of the process.
 */
#ifndef FARROOT_COMMANDS_H
#define FARROOT_COMMANDS_H

#include <stddef.h>
#include <sys/types.h>

#define EXIT_USAGE 2

#define DEFAULT_FOLDER "/run/farroot"
#define DEFAULT_NBD_SOCKET DEFAULT_FOLDER "/nbd.sock"
#define DEFAULT_STATUS_SOCKET DEFAULT_FOLDER "/status.sock"

int cmd_pack(int argc, char **argv);
int cmd_pack_layout(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_jail(int argc, char **argv);

/* Says what is wrong on standard error, and how to get help; EXIT_USAGE. */
int tool_usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads what the server behind a status socket says: its status, and then the
 * answer to request unless that is NULL.  Returns the length, at most size, or
 * -errno; gives up after 5 seconds without a byte.
 */
ssize_t status_client_ask(const char *path, const char *request, char *text, size_t size);

/* The helper that has libsquashfs. */
#define HELPER_SQUASHFS "farroot-squashfs"
/* The helper that boots a virtual machine. */
#define HELPER_PROFILE_BOOT "profile-boot"

/* Replaces this process by a helper program with these arguments (argv[0] is not the
 * program's name, but its first argument).  It is looked for in $FARROOT_LIBEXECDIR,
 * beside this program, in ../libexec/farroot/ from there, and where it was
 * configured to be.  Returns only on failure: the exit status, having said why on
 * standard error; command is named in the message, "" for none.
 */
int helper_program_run(const char *command, const char *name, size_t argc, char *const argv[]);

#endif
