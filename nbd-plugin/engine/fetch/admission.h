/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Admission: pending reads come out of the inbox into the scheduler, and leave it when
 * they are cancelled or have waited for too long.
 */
#ifndef FARROOT_ADMISSION_H
#define FARROOT_ADMISSION_H

struct fetch;

/* Takes in what has come since the last time, and serves at once what is present. */
void admission_take(struct fetch *f);
/* Ends the wait of reads that are cancelled, with -ESHUTDOWN, and of those that have
 * made no progress for outage=, with -EIO.
 */
void admission_dismiss(struct fetch *f);
/* At the end of the thread: ends every wait, with -ESHUTDOWN. */
void admission_dismiss_all(struct fetch *f);

#endif
