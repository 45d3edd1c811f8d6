/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Whether a server has all of its image, by the socket of its status=.
 */
#ifndef FARROOT_SERVER_STATUS_H
#define FARROOT_SERVER_STATUS_H

#include <stdbool.h>

/* Asks the server.  Returns whether every block of the image is present and verified, and none
 * will be evicted; never for a compressed image or a partition, because the store is not
 * what clients see.  Then its answer is in a file beside the socket (status-file.h), for farroot
 * status when there is no server any more.  Blocks for 2 s at most.
 */
bool server_status_is_complete(const char *socket_path);

#endif
