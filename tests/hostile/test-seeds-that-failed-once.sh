#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Schedules that found a defect, which is mended since; docs/reliability.md has the list.
# Some of them failed in one of a few runs only.
. "${srcdir:-..}/tests/lib.sh"

for seed in 974 2310 5406 7008 10961 12366 23661 33944 44279 51773; do
	runs=
	for run in 1 2 3 4 5 6; do
		"$top_builddir/tests/hostile/fault-schedules" --seed $seed >"$dir/$seed.$run.out" 2>&1 &
		runs="$runs $!"
	done
	for run in $runs; do
		wait "$run" || {
			cat "$dir/$seed".*.out >&2
			fail "seed $seed"
		}
	done
done
