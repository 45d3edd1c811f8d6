/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The classes of requests for blocks.
 */
#ifndef FARROOT_REQUEST_CLASS_H
#define FARROOT_REQUEST_CLASS_H

/* In the order of precedence.  Bootstrap judges its own class.  The classes from
 * CLASS_READAHEAD on are background: no reader waits for their blocks yet.
 */
enum request_class {
	CLASS_BOOTSTRAP, CLASS_HASH, CLASS_DEMAND, CLASS_READAHEAD, CLASS_PROFILE, CLASS_FILL,
	REQUEST_CLASSES
};

#endif
