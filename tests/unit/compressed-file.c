/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "check.h"
#include "engine/format/compressed-file.h"

static const char *program(const char *bytes, size_t size)
{
	return compressed_file_program((const uint8_t *)bytes, size);
}

int main(void)
{
	CHECK_STR(program("\x28\xb5\x2f\xfd\x04\x58", 6), "zstd");
	CHECK_STR(program("\x50\x2a\x4d\x18\0\0", 6), "zstd");
	CHECK_STR(program("\x5f\x2a\x4d\x18\0\0", 6), "zstd");
	CHECK_STR(program("\xfd\x37zXZ\0", 6), "xz");
	CHECK_STR(program("\x1f\x8b\x08\0\0\0", 6), "gzip");
	CHECK_STR(program("BZh91A", 6), "bzip2");
	CHECK_STR(program("\x04\x22\x4d\x18\x64\x40", 6), "lz4");
	CHECK_STR(program("hsqs\0\0", 6), NULL);
	CHECK_STR(program("\0\0\0\0\0\0", 6), NULL);
	CHECK_STR(program("\x60\x2a\x4d\x18\0\0", 6), NULL);
	/* Too short. */
	CHECK_STR(program("\x28\xb5\x2f", 3), NULL);
	CHECK_STR(program("\xfd\x37zXZ", 5), NULL);
	CHECK_STR(program("", 0), NULL);
	return 0;
}
