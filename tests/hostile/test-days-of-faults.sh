#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What must hold on a day of each kind of misbehaviour; fault-days.c tells what that is.
exec "${top_builddir:-.}/tests/hostile/fault-days" --hours 24
