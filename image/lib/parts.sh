# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Sources the parts of this program.  One list for two purposes: what a command has sourced
# is also an input of what it makes (inputs.sh).
# shellcheck shell=dash

# image_lib is set by farroot-image.
# shellcheck disable=SC2154
parts_used='say parts'

# parts_use NAME...: sources lib/NAME.sh, each part once.
parts_use() {
	for parts_name in "$@"; do
		case " $parts_used " in
		*" $parts_name "*) continue ;;
		esac
		parts_used="$parts_used $parts_name"
		# shellcheck source=/dev/null
		. "$image_lib/lib/$parts_name.sh"
	done
}
