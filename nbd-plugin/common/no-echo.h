/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A terminal that does not show what is typed.  A signal that ends the process meanwhile
 * (SIGINT, SIGTERM, SIGHUP or SIGQUIT, if not ignored) ends it with the terminal as before.
 * Between begin and end nothing else may change the actions of these signals.  The main
 * thread only.
 */
#ifndef FARROOT_NO_ECHO_H
#define FARROOT_NO_ECHO_H

/* Turns off the echo of the terminal that is standard input, and forgets what was typed.
 * Returns 0 or -errno, with the terminal as it was: -ENOTTY if standard input is no terminal.
 */
int no_echo_begin(void);

/* Turns the echo on again, if it was on, after no_echo_begin returned 0. */
void no_echo_end(void);

#endif
