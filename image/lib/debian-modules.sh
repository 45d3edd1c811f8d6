# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Kernel modules: lists of names become the files that they need.
#
# A list has one entry a line; # begins a comment.
#   NAME         a module, with all that it depends on; may be built into the kernel
#   ?NAME        the same, but a kernel without it will do
#   kernel/DIR/  every module in that folder and below
#   ENTRY ARCH   only for arm64 or amd64
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# modules_read FILE...: the entries for $arch; dies on a line that is none.
modules_read() {
	for modules_file in "$@"; do
		modules_bad=$(sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$modules_file" |
			grep -v -E '^(\??[a-zA-Z0-9_-]+|kernel/[a-z0-9_/-]+/)([[:space:]]+(arm64|amd64))?$' | head -n 1) || :
		[ -z "$modules_bad" ] || die "$modules_file: \"$modules_bad\" is not NAME, ?NAME or kernel/DIR/, with arm64 or amd64 behind it if need be"
		sed 's/#.*//' "$modules_file" | awk -v arch="$arch" 'NF && (NF == 1 || $2 == arch) { print $1 }'
	done
}

# modules_resolve ROOT VERSION LIST: the paths of the modules' files below
# lib/modules/VERSION, sorted, for a list of entries.
modules_resolve() {
	modules_dir=$1/lib/modules/$2
	[ -e "$modules_dir/modules.dep.bin" ] || die "$modules_dir: no modules.dep.bin; the kernel package did not run depmod"
	while IFS= read -r modules_entry; do
		case "$modules_entry" in
		kernel/*)
			[ -d "$modules_dir/$modules_entry" ] || continue
			(cd "$modules_dir" && find "$modules_entry" -name '*.ko*' | sed -e 's,.*/,,' -e 's/\.ko.*//')
			;;
		*) echo "$modules_entry" ;;
		esac
	done <"$3" | sort -u >"$3.names"
	: >"$3.files"
	while IFS= read -r modules_entry; do
		modules_name=${modules_entry#\?}
		modprobe -d "$1" -S "$2" --show-depends "$modules_name" 2>/dev/null >"$3.one" || {
			[ "$modules_entry" != "$modules_name" ] || echo "$modules_name"
			continue
		}
		sed -n "s,^insmod .*/lib/modules/$2/\([^ ]*\).*,\1,p" "$3.one" >>"$3.files"
	done <"$3.names" >"$3.missing"
	[ ! -s "$3.missing" ] ||
		die "the kernel $2 has no module named: $(tr '\n' ' ' <"$3.missing"); correct the list, or write ?NAME if the kernel may lack the module"
	LC_ALL=C sort -u "$3.files"
	rm -f "$3.names" "$3.files" "$3.missing" "$3.one"
}

# modules_keep ROOT VERSION FILES: of the modules, only those whose paths are in FILES stay,
# and these become plain files: squashfs and the initramfs compress them better than xz,
# one by one, does.
modules_keep() {
	modules_dir=$1/lib/modules/$2
	find "$modules_dir" -name '*.ko*' -printf '%P\n' | LC_ALL=C sort |
		LC_ALL=C comm -23 - "$3" | (cd "$modules_dir" && xargs -r rm --)
	(
		cd "$modules_dir" || exit
		find . -name '*.ko.xz' -print0 | xargs -0r -P 2 -n 50 xz -d
		find . -name '*.ko.zst' -print0 | xargs -0r -n 50 zstd -q -d --rm
		find . -name '*.ko.gz' -print0 | xargs -0r -n 50 gzip -d
		find . -type d -empty -delete
	)
	depmod -b "$1" "$2"
}
