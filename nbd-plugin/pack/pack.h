/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Makes an image with a hash tree.  The file gets its name only when it is complete.  The
 * same input gives the same output, byte for byte: there are no random numbers and no
 * times in it.
 */
#ifndef FARROOT_PACK_H
#define FARROOT_PACK_H

#include <stdbool.h>
#include <stdint.h>

#define PACK_HEX_SIZE 65
/* Instead of -errno. */
#define PACK_SAID 1		/* the reason was already printed */
#define PACK_CHANGED 2		/* the size of the image changed while it was read */
#define PACK_TRUNCATED 3	/* the image is a part of a squashfs */

struct pack {
	const char *input, *output;
	const char *url;	/* for the kernel arguments */
	int level;		/* of compression; for fill_zstd alone */
	uint32_t frame_bytes;
	uint64_t uncompressed_bytes;	/* set by pack_run; 0: not a seekable file */
	/* Writes the data of the image to an empty file, fd at path.  Returns 0, -errno or
	 * PACK_SAID.
	 */
	int (*fill)(struct pack *pack, const char *path, int fd);
	/* NULL, or called with the complete image at path before it gets its name.  Returns
	 * 0, -errno or PACK_SAID.
	 */
	int (*finish)(struct pack *pack, const char *path, const char *roothash);
};

/* Returns whether -errno err can only be from a write: the output has no more space. */
bool pack_is_full(int err);

struct packed_image;

/* For a fill that changes the data: refuses an input that has a hash tree, or a part of one, or
 * is a part of a squashfs, or is compressed as a whole.  fd has size bytes.  Returns 0, -errno,
 * PACK_SAID or PACK_TRUNCATED.  Changes the position of fd.
 */
int pack_check_input(const struct pack *pack, int fd, uint64_t size);
/* The result of pack_check_input for an input of size bytes with this hash tree ... */
int pack_refuse(const struct pack *pack, const struct packed_image *found, uint64_t size);
/* ... and for one that this program decompresses. */
int pack_refuse_compressed(const struct pack *pack, const char *program);

/* For a fill that drops the hash tree of its input.  Returns 0; PACK_SAID if the input looks like
 * a truncated packed image; -errno if it cannot be read.
 */
int pack_refuse_truncated(const struct pack *pack);

/* Makes the image and prints the result.  Returns the exit status, after printing the
 * reason of a failure.  The main thread only: installs signal handlers that remove the
 * temporary file.  Blocks for the disk.
 */
int pack_run(struct pack *pack);

#endif
