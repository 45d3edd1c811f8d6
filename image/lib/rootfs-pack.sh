# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The squashfs of the root file system, and the image that is served: with its hash tree,
# and in the order in which a boot reads, if that is known.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

pack_check_recorder() {
	case "$arch" in
	arm64) pack_qemu=qemu-system-aarch64 pack_package=qemu-system-arm ;;
	amd64) pack_qemu=qemu-system-x86_64 pack_package=qemu-system-x86 ;;
	esac
	command -v "$pack_qemu" >/dev/null || die "--record: $pack_qemu is not installed; install the package $pack_package"
	command -v nbdkit >/dev/null || die "--record: nbdkit is not installed; install the package nbdkit"
}

# pack_squash ROOT OUT: blocks of 128 KiB, because a file of which little is read comes in
# whole blocks.  farroot pack compresses what a boot reads once more, as much as it can.
pack_squash() {
	say "making the squashfs"
	squashfs_make "$1" "$2" -comp zstd -Xcompression-level 15 -b 128K
}

# pack_image SQUASHFS RESULT: root.img, its profile, roothash and kernel-arguments.
pack_image() {
	pack_files=
	if [ -n "$record" ]; then
		pack_record "$1" "$2"
		pack_files=$2/boot.files
	elif [ -e "$site_dir/rootfs/boot.files" ]; then
		pack_files=$site_dir/rootfs/boot.files
	fi
	say "packing root.img"
	farroot pack ${pack_files:+--profile="$pack_files"} "$1" -o "$2/root.img" >"$work/packed" || die "farroot pack failed (above)"
	sed -n 's/^roothash=//p' "$work/packed" >"$2/roothash"
	sed -n 's/^kernel-arguments=//p' "$work/packed" >"$2/kernel-arguments"
	rm "$1"
}

# pack_record SQUASHFS RESULT: boots it once; boot.files says what was read.
pack_record() {
	say "booting the image once to see what it reads; this takes a minute or two"
	farroot pack --probe "$1" -o "$work/probe.img" >"$work/probe" || die "farroot pack failed (above)"
	farroot profile record --boot --arch="$arch" --timeout=1800 --console="$work/console" \
		"$2/vmlinuz" "$2/initrd" "$work/probe.img" 9>&- >&2 || {
		tail -n 30 "$work/console" | tr -d '\r' | sed 's/^/  /' >&2
		die "--record: the image does not boot in QEMU (its console is above)"
	}
	farroot profile files "$work/probe.img.profile" "$work/probe.img" -o "$2/boot.files" || die "farroot profile files failed (above)"
	rm "$work/probe.img"
}
