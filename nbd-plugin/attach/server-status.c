/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "attach/server-status.h"
#include "common/status.h"
#include "common/status-file.h"
#include "tool/commands.h"

#define TEXT_BYTES 65536
/* A server that is stopped may not take the connection, nor answer. */
#define LIMIT_S 1

bool server_status_is_complete(const char *socket_path)
{
	static char text[TEXT_BYTES];
	ssize_t length = status_client_ask(socket_path, NULL, LIMIT_S, text, sizeof text);
	struct status s;

	if (length <= 0 || status_from_json(text, (size_t)length, &s) || s.state != STATUS_MATERIALIZED ||
	    s.cache_bytes < s.image_bytes || s.seekable.frames || s.partition.number)
		return false;
	status_file_write(socket_path, text, (size_t)length);
	return true;
}
