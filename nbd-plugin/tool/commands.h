/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The commands of farroot(1), and what they share.  The main thread calls all of these.
 */
#ifndef FARROOT_COMMANDS_H
#define FARROOT_COMMANDS_H

#include <stddef.h>
#include <sys/types.h>

#define EXIT_USAGE 2

#define DEFAULT_FOLDER "/run/farroot"
#define DEFAULT_NBD_SOCKET DEFAULT_FOLDER "/nbd.sock"
#define DEFAULT_STATUS_SOCKET DEFAULT_FOLDER "/status.sock"

/* A command.  argv[0] is its name; returns the exit status of the process, after printing
 * a message if it failed.  Blocks until the command has ended.
 */
int cmd_pack(int argc, char **argv);
int cmd_pack_layout(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_materialize(int argc, char **argv);
int cmd_mount(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_jail(int argc, char **argv);
int cmd_rdnss(int argc, char **argv);
int cmd_http(int argc, char **argv);
int cmd_fleet(int argc, char **argv);
int cmd_rescue(int argc, char **argv); /* each command of the rescue system */
int cmd_reach(int argc, char **argv); /* farroot unlock and farroot run */

/* Prints what is wrong with the command line and how to get help on standard error.
 * Returns EXIT_USAGE.
 */
int tool_usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Connects to the status socket path, sends request unless it is NULL, and reads into text
 * what the server sends: its status, then the answer to request.  Returns the length in
 * bytes, at most size and without a final NUL, or -errno.  Blocks; fails after limit_s seconds
 * without a byte.
 */
ssize_t status_client_ask(const char *path, const char *request, unsigned limit_s, char *text, size_t size);
#define STATUS_CLIENT_LIMIT_S 5

/* The helper program with the code that needs libsquashfs. */
#define HELPER_SQUASHFS "farroot-squashfs"
/* The helper program with the code that needs libfuse3. */
#define HELPER_FUSE "farroot-fuse"
/* The helper program for the server of a fleet, in Python. */
#define HELPER_FLEET "farroot-fleet"
/* The helper program that boots a virtual machine. */
#define HELPER_PROFILE_BOOT "profile-boot"

/* Replaces this process by a helper program with the arguments argv (argv[0] is not the
 * program's name, but its first argument).  The program is searched in
 * $FARROOT_LIBEXECDIR, in the folder of this program, in ../libexec/farroot/ from there,
 * and in the configured folder.  Returns only on failure: the exit status, after printing
 * the reason on standard error.  The message names command, "" for none.
 */
int helper_program_run(const char *command, const char *name, size_t argc, char *const argv[]);

#endif
