/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The faults of a request to an origin.  None of them ever becomes an I/O error;
 * origin-health.h says how each of them changes the choice of the next origin.
 */
#ifndef FARROOT_FAULT_H
#define FARROOT_FAULT_H

enum fault {
	FAULT_NONE,
	FAULT_RESOLVE,		/* the host name has no address at the moment */
	FAULT_CONNECT,		/* refused, unreachable, timed out */
	FAULT_TLS,		/* certificate, handshake, clock */
	FAULT_STALL,		/* too few bytes for too long */
	FAULT_BROKEN,		/* connection reset, body too short, not HTTP */
	FAULT_STATUS,		/* a status other than 206 */
	FAULT_RANGE,		/* 206, but for another range */
	FAULT_ENCODING,		/* compressed or multipart body */
	FAULT_TOTAL,		/* the size is not that of the image */
	FAULT_REPLACED,		/* another ETag, and no root hash to verify the data */
	FAULT_REDIRECT,		/* too many redirects, or one from https to http */
	FAULT_CORRUPT,		/* the bytes do not verify */
	FAULT_LOCAL		/* this process is out of memory or of descriptors */
};

#define FAULT_KINDS (FAULT_LOCAL + 1)

#endif
