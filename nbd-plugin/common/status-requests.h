/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a client of the status socket may send.  The server sends the status, as a line of JSON, to
 * every client; what it sends after that line is the answer.
 */
#ifndef FARROOT_STATUS_REQUESTS_H
#define FARROOT_STATUS_REQUESTS_H

/* The answer is the access trace, as a profile. */
#define STATUS_REQUEST_PROFILE "profile\n"
/* Fetch the whole image at once, whatever fill= says.  The answer is STATUS_REQUEST_ACCEPTED. */
#define STATUS_REQUEST_MATERIALIZE "materialize\n"
#define STATUS_REQUEST_ACCEPTED "accepted\n"

#endif
