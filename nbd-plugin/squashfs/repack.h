/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Makes a squashfs from another squashfs: the same files in other places.
 *
 *   | superblock, options | files that a boot reads | the rest | tables |
 *
 * The files that a boot reads are in the order of their first read; files that it reads
 * completely come first.  The blocks of a file stay contiguous, because the format requires
 * it.  Small files and ends of files share fragment blocks only with others that a boot
 * reads.  All of these are compressed again at the best level; the rest is copied unchanged,
 * which is fast.  Owners, times, attributes, devices, links and inode numbers stay.  No
 * special rights are necessary.  The same input gives the same output.
 */
#ifndef FARROOT_REPACK_H
#define FARROOT_REPACK_H

#include "common/file-list.h"

/* Writes the image in to the file out, which is truncated first.  boot is the list of files
 * that a boot reads.  NULL makes an image on which to record a profile: it has no fragments,
 * and each file begins at a multiple of 4096 bytes.  Returns 0 or -errno as
 * squashfs_reader_open does, for squashfs_reason.  One thread; blocks for the disk.
 */
int squashfs_repack(const char *in, const char *out, const struct file_list *boot);

#endif
