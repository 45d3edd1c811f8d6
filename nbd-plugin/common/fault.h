/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What can go wrong with a request to an origin.  None of these ever becomes an
 * I/O error; health.h says what each does to the choice of the next origin.
 */
#ifndef FARROOT_FAULT_H
#define FARROOT_FAULT_H

enum fault {
	FAULT_NONE,
	FAULT_RESOLVE,		/* the name has no address now */
	FAULT_CONNECT,		/* refused, unreachable, timed out */
	FAULT_TLS,		/* certificate, handshake, clock */
	FAULT_STALL,		/* nothing, or next to nothing, for too long */
	FAULT_BROKEN,		/* reset, short, not HTTP */
	FAULT_STATUS,		/* an answer other than 206 */
	FAULT_RANGE,		/* 206, but not for what was asked */
	FAULT_ENCODING,		/* compressed or multipart body */
	FAULT_TOTAL,		/* another size than the image's */
	FAULT_REPLACED,		/* another ETag, and no hash to judge by */
	FAULT_REDIRECT,		/* too many, or from https to http */
	FAULT_CORRUPT,		/* the bytes do not verify */
	FAULT_LOCAL,		/* out of memory or descriptors here */
	FAULT_STOPPED		/* we took it back ourselves: nobody's fault */
};

#endif
