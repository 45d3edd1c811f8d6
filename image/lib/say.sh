# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Messages of farroot-image, on standard error; standard output is for results.
# shellcheck shell=dash

say() {
	printf 'farroot-image: %s\n' "$*" >&2
}

# A user's mistake, or something that cannot be done: what, on what, what to do next.
die() {
	say "$*"
	exit 1
}
