#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The pivot: once all of a mounted image has come, it is read from memory, and nbdkit and its
# supervisor end.  Both are killed before, in the middle and after it, with the origin and without,
# while the image is read: no read gets an error or a wrong byte, none waits for long.
#   RECOVERY_ROUNDS=N   rounds with a fault each; lib.sh has the other variables
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$srcdir/tests/recovery/lib.sh"

recovery_begin pivot
expect 300 'guest: device'
expect 300 'origin off, please'
"$vm_here/serve" stop "$dir/origin"
expect $((rounds * 60 + 300)) 'guest: the end'
grep -a 'guest: ' "$console" | tr -d '\r'
