#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What must hold under 100,000 fault schedules; fault-schedules.c tells what that is.
exec "${top_builddir:-.}/tests/hostile/fault-schedules" --seeds 1..100000
