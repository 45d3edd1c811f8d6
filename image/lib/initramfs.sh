# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An initramfs that initramfs-tools made is packed again: sorted, without any time of today,
# and compressed here, where it takes seconds.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# initramfs_settings FOLDER: for mkinitramfs, in FOLDER/conf.d.
initramfs_settings() {
	{
		echo 'MODULES=list'
		echo 'BUSYBOX=y'
		echo 'COMPRESS=gzip'
		echo 'COMPRESSLEVEL=1'
		echo 'RESUME=none'
		echo 'UMASK=0022'
		echo 'FSTYPE=auto'
	} >"$1/conf.d/zz-farroot-image"
	rm -f "$1/conf.d/resume"
}

# initramfs_modules_hook LIST FILE: a hook that adds the modules whose names are in LIST.
# shellcheck disable=SC2016 # the hook expands its own argument
initramfs_modules_hook() {
	{
		echo '#!/bin/sh'
		echo '[ "$1" != prereqs ] || exit 0'
		echo '. /usr/share/initramfs-tools/hook-functions'
		sed 's/^/manual_add_modules /' "$1"
	} >"$2"
	chmod 755 "$2"
}

# initramfs_run ROOT ARGUMENT...: mkinitramfs in ROOT, with these arguments.
initramfs_run() {
	initramfs_root=$1
	shift
	root_run "$initramfs_root" mkinitramfs "$@" >"$work/mkinitramfs.log" 2>&1 || {
		tail -n 20 "$work/mkinitramfs.log" | sed 's/^/  /' >&2
		die "mkinitramfs cannot make the initramfs (above)"
	}
}

# initramfs_repack INITRD OUT: what mkinitramfs made, of which INITRD is deleted, sorted and
# compressed.  Sets initramfs_bytes, its size before that.
initramfs_repack() {
	! grep -q '^[WE]: ' "$work/mkinitramfs.log" || grep '^[WE]: ' "$work/mkinitramfs.log" | sed 's/^/  /' >&2
	archive_unpack "$1" "$work/initramfs"
	rm "$1"
	mkdir "$work/initramfs/all"
	for initramfs_part in "$work"/initramfs/[0-9]*; do
		tar -C "$initramfs_part" -c . | tar -C "$work/initramfs/all" --keep-directory-symlink -xp
		rm -rf "$initramfs_part"
	done
	libraries_check "$work/initramfs/all" >"$work/missing" || {
		sed 's/^/  /' "$work/missing" >&2
		die "the initramfs lacks what its programs need (above)"
	}
	initramfs_clamp "$work/initramfs/all"
	archive_pack "$work/initramfs/all" >"$work/initrd.cpio"
	initramfs_compress <"$work/initrd.cpio" >"$2"
	# The kernel takes a second archive behind the first only at a multiple of four.
	truncate -s %4 "$2"
	initramfs_bytes=$(stat -c %s "$work/initrd.cpio")
	rm "$work/initrd.cpio"
}

# No file is newer than the build's time.
initramfs_clamp() {
	find "$1" -newermt "@$SOURCE_DATE_EPOCH" -print0 |
		xargs -0r touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
}

# initramfs_filter ROOT VERSION: sets initramfs_filter, options of xz for the code of $arch, if the
# kernel can undo what they do.  The words of arm64 code have four bytes, as lc=2,lp=2 says.
initramfs_filter() {
	initramfs_filter=
	case "$arch" in
	arm64) initramfs_word=ARM64 initramfs_options='--arm64 --lzma2=preset=9e,dict=32MiB,lc=2,lp=2' ;;
	amd64) initramfs_word=X86 initramfs_options='--x86 --lzma2=preset=9e,dict=32MiB' ;;
	esac
	if grep -qsx "CONFIG_XZ_DEC_$initramfs_word=y" "$1/boot/config-$2"; then
		initramfs_filter=$initramfs_options
	fi
}

# xz is smaller and unpacks slower: right for the flavour that is made for slow links.  The
# measurement is in docs/rescue-contents.md.
initramfs_compress() {
	# shellcheck disable=SC2086 # words
	case "$flavour" in
	small) xz ${initramfs_filter:---lzma2=preset=9e,dict=32MiB} --check=crc32 -T1 -c ;;
	*) zstd -q -19 -T1 -c ;;
	esac
}
