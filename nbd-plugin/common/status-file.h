/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The last status of a server that is no longer needed: a file beside its socket, which has the
 * JSON that the socket gave.  For the socket DIR/status.sock it is DIR/status.json.
 *
 * Any thread may call any function; they block for the disk.
 */
#ifndef FARROOT_STATUS_FILE_H
#define FARROOT_STATUS_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Replaces the file as a whole; only its owner can read it.  Returns 0 or -errno. */
int status_file_write(const char *socket_path, const char *text, size_t length);

/* Returns the number of bytes, at most size, or -errno: -ENOENT, there is none. */
ssize_t status_file_read(const char *socket_path, char *text, size_t size);

/* The file is of an earlier image: removes it. */
void status_file_remove(const char *socket_path);

#endif
