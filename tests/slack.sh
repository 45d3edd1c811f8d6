# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# FARROOT_TEST_SLACK, a whole number of at least 1 (the default), is for slow and
# busy machines: each upper limit on time in a test is multiplied by it.  What a test
# measures, and how long at least something must last, is not.
# slack.h does the same for tests in C.

: "${FARROOT_TEST_SLACK:=1}"
case $FARROOT_TEST_SLACK in
0* | *[!0-9]*)
	echo "FARROOT_TEST_SLACK=$FARROOT_TEST_SLACK: must be a whole number of at least 1" >&2
	exit 99
	;;
esac
export FARROOT_TEST_SLACK

# slack LIMIT: the limit, in seconds or milliseconds, on this machine.
slack() {
	echo $(($1 * FARROOT_TEST_SLACK))
}
