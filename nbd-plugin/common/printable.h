/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Text of a server, as a terminal, a log and JSON may have it.
 */
#ifndef FARROOT_PRINTABLE_H
#define FARROOT_PRINTABLE_H

/* Replaces each byte of control characters (C0, DEL and C1) and each byte that is not part of valid
 * UTF-8 by "?".  A C1 character begins a command to a terminal as ESC does, as U+009B and in some
 * terminals as the byte 0x9b.
 */
void make_printable(char *text);

#endif
