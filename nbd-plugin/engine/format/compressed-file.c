/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <string.h>

#include "engine/format/compressed-file.h"

/* A skippable frame of zstd: 0x184D2A50 to 0x184D2A5F, little endian. */
static int is_skippable(const uint8_t *bytes, size_t size)
{
	return size >= 4 && bytes[0] >> 4 == 5 && !memcmp(bytes + 1, "\x2a\x4d\x18", 3);
}

const char *compressed_file_program(const uint8_t *bytes, size_t size)
{
	static const struct {
		const char *program;
		size_t size;
		const char *begins;
	} kinds[] = {
		{ "zstd", 4, "\x28\xb5\x2f\xfd" },
		{ "xz", 6, "\xfd\x37zXZ\0" },
		{ "gzip", 3, "\x1f\x8b\x08" },
		{ "bzip2", 3, "BZh" },
		{ "lz4", 4, "\x04\x22\x4d\x18" },
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (size >= kinds[i].size && !memcmp(bytes, kinds[i].begins, kinds[i].size))
			return kinds[i].program;
	return is_skippable(bytes, size) ? "zstd" : NULL;
}
