#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine with 512 MB runs short of memory while its image comes: the fill waits, blocks are given back,
# processes that want too much are killed and the server is not; no read gets an error or a wrong byte, and
# the image becomes whole when there is memory again.
#   RECOVERY_ROUNDS=N   processes that want too much; lib.sh has the other variables
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$srcdir/tests/recovery/lib.sh"

recovery_begin memory 512M
expect 300 'guest: device'
expect $((rounds * 60 + 1200)) 'guest: the end'
grep -a 'guest: ' "$console" | tr -d '\r'
