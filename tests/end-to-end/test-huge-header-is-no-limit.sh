#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A server whose answers on some new connections have a huge header is not taken for one
# that resets them: the log says what is wrong, and the next attempt waits.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 2
faulty_origin 1 after_first_s=0.1 huge_header=3-6
plugin_start url="$faulty_url/image" roothash="$roothash" fill=no
same "$(read_all 4 | sha256_of)" "$(sha256_of <"$dir/image")" "SHA-256"
logged 'header of more than 32 KiB; retrying in' || fail "the header was not named"
! logged 'connections at once was reset or refused' || fail "the header was taken for a limit"
