#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Without an origin, 96 reads wait in the kernel's queue of 128: reads of what is here are as fast as before. When the
# queue is full they wait, too, which no server can change; nothing is taken for dead, and all goes on with the origin.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$srcdir/tests/recovery/lib.sh"

recovery_begin queue
expect 300 'origin off, please'
"$vm_here/serve" stop "$dir/origin"
expect 300 'origin on, please'
"$vm_here/serve" start "$dir/origin" "$dir/www" >/dev/null || fail "no origin"
expect 300 'guest: the end'
grep -a 'guest: ' "$console" | tr -d '\r'
