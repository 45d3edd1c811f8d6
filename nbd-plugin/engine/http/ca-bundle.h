/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The certificates to trust, read into memory once: after switch_root the files
 * they came from are gone.
 */
#ifndef FARROOT_CA_BUNDLE_H
#define FARROOT_CA_BUNDLE_H

#include <stddef.h>

#include "common/log.h"

/* Reads the PEM file cainfo and every file of the folder capath; with neither,
 * the system's bundle.  *out is malloc'ed.  Returns 0 or -errno, with *out NULL, having
 * logged at this level what could not be read.
 */
int ca_bundle_read(const char *cainfo, const char *capath, const struct log *log,
		   enum log_level level, char **out, size_t *out_size);

#endif
