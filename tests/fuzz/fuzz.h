/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The common parts of the fuzz targets.  Built by test-fuzz-briefly.sh, with libFuzzer.
 */
#ifndef FARROOT_TEST_FUZZ_H
#define FARROOT_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Unlike assert, this is never compiled away. */
#define REQUIRE(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
