/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * XXH64, the checksum of zstd's frames and seek tables.  It finds mistakes, not attacks.
 * Source: the xxHash specification, doc/xxhash_spec.md of xxHash, version 0.1.1.
 */
#ifndef FARROOT_XXH64_H
#define FARROOT_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* XXH64 of size bytes, with the seed 0.  Any thread; does not block. */
uint64_t xxh64(const void *bytes, size_t size);

#endif
