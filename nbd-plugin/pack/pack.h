/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Makes an image with a hash tree, which appears under its name when it is whole.
 * The same input gives the same output, byte for byte: nothing random, no time.
 */
#ifndef FARROOT_PACK_H
#define FARROOT_PACK_H

#define PACK_HEX_SIZE 65
#define PACK_SAID 1		/* in the place of -errno: it was told what is wrong */

struct pack {
	const char *input, *output;
	const char *url;	/* for the kernel arguments */
	/* Writes the data of the image to a file that is empty. */
	int (*fill)(struct pack *pack, const char *path, int fd);
	/* NULL, or what is to be done with the whole before it gets its name. */
	int (*finish)(struct pack *pack, const char *path, const char *roothash);
};

/* Makes it and prints the result; returns the exit status, having said what is wrong. */
int pack_run(struct pack *pack);

#endif
