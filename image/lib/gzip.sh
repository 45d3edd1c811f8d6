# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The firmware of a Pi unpacks a kernel that is compressed by gzip, and by nothing smaller.
# shellcheck shell=dash

# gzip_kernel: standard input, compressed.  libdeflate makes a kernel of Debian 4 % smaller than
# gzip -9 does.
gzip_kernel() {
	libdeflate-gzip -12
}
