/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The commands of farroot profile, one file each, and what they share.  The main thread
 * calls all of these; they block for the disk.  In messages the name of a command is
 * "profile NAME".
 */
#ifndef FARROOT_CMD_PROFILE_H
#define FARROOT_CMD_PROFILE_H

#include <stddef.h>

#include "common/file-list.h"
#include "common/profile.h"

/* A command.  argv[0] is its name; returns the exit status of the process, after printing
 * a message if it failed.
 */
int cmd_profile_record(int argc, char **argv);
int cmd_profile_show(int argc, char **argv);
int cmd_profile_files(int argc, char **argv);

/* Reads a profile from the file path; "-" is standard input.  Returns 0, or -1 after
 * printing the reason; out is then empty.  Free out with profile_free.
 */
int profile_load(const char *command, const char *path, struct profile *out);
/* The same for a list of files.  Free out with file_list_free. */
int file_list_load(const char *command, const char *path, struct file_list *out);

/* Writes a profile to the file path, or to standard output if path is NULL or "-".  The
 * file gets its name only when it is complete.  Returns 0, or -1 after printing the reason.
 */
int profile_save(const char *command, const char *path, const struct profile *profile);

/* The arguments KEY=VALUE of the helper program profile-boot. */
#define PROFILE_BOOT_ARGS 32

struct profile_boot {
	char *args[PROFILE_BOOT_ARGS];
	size_t count;
};

/* Appends an argument.  Returns 0 or -ENOMEM (also if there are too many).  The arguments
 * are never freed: the process ends soon.
 */
int profile_boot_add(struct profile_boot *boot, const char *key, const char *value);
/* Replaces this process by profile-boot, which boots files (kernel, initrd and image) in a
 * virtual machine and saves the profile to output; NULL is IMAGE.profile.  Returns only on
 * failure: the exit status, after printing the reason.
 */
int profile_boot(struct profile_boot *boot, char *const files[3], const char *output);

#endif
