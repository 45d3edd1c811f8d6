/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "fuse/content.h"
#include "fuse/local-file.h"

uint64_t content_size(const struct content *content)
{
	return content->image ? image_size(content->image) : local_file_size(content->file);
}

int content_read(const struct content *content, void *buf, uint32_t count, uint64_t offset)
{
	return content->image ? image_pread_present(content->image, buf, count, offset) :
				local_file_read(content->file, buf, count, offset);
}
