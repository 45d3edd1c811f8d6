/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Admission: moves pending reads from the inbox to the scheduler, and ends those that are
 * cancelled or have waited for too long.  The fetch thread only; nothing blocks.
 */
#ifndef FARROOT_ADMISSION_H
#define FARROOT_ADMISSION_H

struct fetch;

/* Takes all reads and prefetch requests of the inbox; blocks that are present are
 * delivered at once.
 */
void admission_take(struct fetch *f);
/* Ends the wait of reads that are cancelled, with -ESHUTDOWN, and of those that have
 * made no progress for outage=, with -EIO.
 */
void admission_dismiss(struct fetch *f);
/* At the end of the thread: ends every wait, with -ESHUTDOWN. */
void admission_dismiss_all(struct fetch *f);

#endif
