#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A mounted image outlives its nbdkit, the supervisor of it and the supervisor's guard: in a
# machine with Debian's kernel, all of them are killed and stopped while the image is read.
# No read gets an error or a wrong byte, and no block is fetched twice.
#   RECOVERY_ROUNDS=N   rounds of faults, 8 faults each; lib.sh has the other variables
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$srcdir/tests/recovery/lib.sh"

recovery_begin faults
expect 300 'guest: device'
expect $((rounds * 240 + 300)) 'origin off, please'
# Hashes of the top are read again by each nbdkit, and what was in flight when one was killed.
moved=$("$vm_here/serve" bytes "$dir/origin")
"$vm_here/serve" stop "$dir/origin"
expect 120 'guest: the end'
grep -a 'guest: ' "$console" | tr -d '\r'
say "$moved bytes were fetched of an image of $size"
[ "$moved" -le $((size + size / 5 + rounds * 8 * 262144)) ] || fail "blocks were fetched twice"
