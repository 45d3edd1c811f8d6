# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A table of what was measured beside what it is compared with, their ratios, and the targets.
#
#   ratio_head NAME                      NAME is what is measured
#   ratio_line WHAT VALUE OTHER TARGET

ratio_row() {
	printf '%-34s %12s %12s %7s %8s\n' "$@"
}

ratio_head() {
	ratio_row what "$1" other ratio target
}

ratio_line() {
	ratio_row "$1" "$2" "$3" "$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.3f", a / b }')" "$4"
}
