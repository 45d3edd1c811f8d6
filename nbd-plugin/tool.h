/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The subcommands of farroot(1).  Each takes its own argv and returns the exit
 * status of the process.
 */
#ifndef FARROOT_TOOL_H
#define FARROOT_TOOL_H

#define EXIT_USAGE 2

#define DEFAULT_FOLDER "/run/farroot"
#define DEFAULT_NBD_SOCKET DEFAULT_FOLDER "/nbd.sock"
#define DEFAULT_STATUS_SOCKET DEFAULT_FOLDER "/status.sock"

int cmd_pack(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_jail(int argc, char **argv);

/* Says what is wrong on standard error, and how to get help; EXIT_USAGE. */
int tool_usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
