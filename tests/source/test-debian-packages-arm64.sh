#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The packages for a Raspberry Pi can be built on another machine.
exec "${srcdir:-.}/tests/source/test-debian-packages.sh" arm64
