/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Makes a squashfs from another one: the same files in other places.
 *
 *   | superblock, options | what a boot reads | the rest | tables |
 *
 * What a boot reads is in its order, first the files of which it reads all.  The
 * blocks of a file stay together, as the format wants it.  Small files and ends of
 * files share fragment blocks only with others that a boot reads.  All that is
 * compressed once more, as well as the compressor can; the rest is copied as it is,
 * so that it is quick.  Owners, times, attributes, devices, links and the numbers of
 * inodes stay, and it takes no rights.  The same input gives the same output.
 */
#ifndef FARROOT_REPACK_H
#define FARROOT_REPACK_H

#include "common/file-list.h"

/* Writes the image in to the file out, which is emptied first.  boot is what a boot
 * reads; NULL makes an image to find that out with: nothing is in fragments, and
 * each file begins at a multiple of 4096 bytes.  Returns 0 or -errno as
 * squashfs_reader_open does, for squashfs_reason.
 */
int squashfs_repack(const char *in, const char *out, const struct file_list *boot);

#endif
