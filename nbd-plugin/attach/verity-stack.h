/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The kernel's dm-verity between a loop device over a whole image and what reads it: two devices of
 * the device mapper.
 *
 *   NAME.whole   linear     data of NAME.verity, then the hash tree of the loop device
 *   NAME.verity  verity     data, each read checked
 *   loop         the image
 *
 * The table of dm-multipath has the size of the whole image, and dm-verity gives the data only.
 * Source: Documentation/admin-guide/device-mapper/verity.rst in the kernel.
 */
#ifndef FARROOT_VERITY_STACK_H
#define FARROOT_VERITY_STACK_H

#include <stdint.h>

/* Makes the two devices over /dev/loopLOOP, whose bytes are those of file_fd, size_bytes long.  roothash:
 * 64 hexadecimal digits.  Sets *minor, the minor number of NAME.whole; its major number is that of all
 * devices of the device mapper.  Needs CAP_SYS_ADMIN.  Blocks for the kernel and reads a block of the
 * file.  Returns 0 or -errno, and then there is neither: -EINVAL, no hash tree or another root hash.
 */
int verity_stack_make(int dm_control, const char *name, int loop, int file_fd, uint64_t size_bytes,
		      const char *roothash, uint32_t *minor);

/* Removes what there is of the two. */
void verity_stack_remove(int dm_control, const char *name);

#endif
