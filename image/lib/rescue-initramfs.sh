# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The initramfs of the rescue system: made inside the root by initramfs-tools, with the
# hooks of the packages in rescue/initramfs-hooks, then packed again here, where it takes
# seconds, sorted and without any time of today.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# initramfs_make ROOT VERSION MODULES OUT: MODULES has the names of the modules in it.
# shellcheck disable=SC2016 # the hook expands its own argument
initramfs_make() {
	initramfs_keep_hooks "$1"
	tree_drop_paths "$1" "$image_lib/rescue/paths-drop-first"
	{
		echo 'MODULES=list'
		echo 'BUSYBOX=y'
		echo 'COMPRESS=gzip'
		echo 'COMPRESSLEVEL=1'
		echo 'RESUME=none'
		echo 'UMASK=0022'
		echo 'FSTYPE=auto'
	} >"$1/etc/initramfs-tools/conf.d/zz-farroot-image"
	rm -f "$1/etc/initramfs-tools/conf.d/resume"
	# What is listed in /etc/initramfs-tools/modules would be loaded by every boot; udev and
	# the scripts load what is needed.
	: >"$1/etc/initramfs-tools/modules"
	{
		echo '#!/bin/sh'
		echo '[ "$1" != prereqs ] || exit 0'
		echo '. /usr/share/initramfs-tools/hook-functions'
		sed 's/^/manual_add_modules /' "$3"
	} >"$1/usr/share/initramfs-tools/hooks/farroot-image-modules"
	chmod 755 "$1/usr/share/initramfs-tools/hooks/farroot-image-modules"
	root_bind=
	root_run "$1" mkinitramfs -o /boot/initrd.farroot "$2" >"$work/mkinitramfs.log" 2>&1 || {
		tail -n 20 "$work/mkinitramfs.log" | sed 's/^/  /' >&2
		die "mkinitramfs cannot make the initramfs (above)"
	}
	! grep -q '^[WE]: ' "$work/mkinitramfs.log" || grep '^[WE]: ' "$work/mkinitramfs.log" | sed 's/^/  /' >&2
	archive_unpack "$1/boot/initrd.farroot" "$work/initramfs"
	rm "$1/boot/initrd.farroot"
	mkdir "$work/initramfs/all"
	for initramfs_part in "$work"/initramfs/[0-9]*; do
		tar -C "$initramfs_part" -c . | tar -C "$work/initramfs/all" --keep-directory-symlink -xp
		rm -rf "$initramfs_part"
	done
	libraries_check "$work/initramfs/all" >"$work/missing" || {
		sed 's/^/  /' "$work/missing" >&2
		die "the initramfs lacks what its programs need (above)"
	}
	initramfs_pack "$work/initramfs/all" >"$work/initrd.cpio"
	initramfs_compress <"$work/initrd.cpio" >"$4"
	# The kernel takes a second archive behind the first only at a multiple of four.
	truncate -s %4 "$4"
	initramfs_bytes=$(stat -c %s "$work/initrd.cpio")
	rm "$work/initrd.cpio"
}

# Each package with a hook for initramfs-tools would add its programs to the initramfs; the
# tools are in the tool tree.
initramfs_keep_hooks() {
	site_words "$image_lib/rescue/initramfs-hooks" >"$work/hooks"
	for initramfs_hook in "$1"/usr/share/initramfs-tools/hooks/*; do
		grep -qxF -e "${initramfs_hook##*/}" "$work/hooks" || rm "$initramfs_hook"
	done
}

# initramfs_pack FOLDER: a newc cpio archive of it, the same bytes each time.
initramfs_pack() {
	initramfs_clamp "$1"
	(cd "$1" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
		cpio -0 -o -H newc --quiet --reproducible -R 0:0)
}

# No file is newer than the build's time.
initramfs_clamp() {
	find "$1" -newermt "@$SOURCE_DATE_EPOCH" -print0 |
		xargs -0r touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
}

# xz is 8 % smaller and unpacks seven times slower: right for the flavour that is made for
# slow links.  The measurement is in docs/rescue-contents.md.
initramfs_compress() {
	case "$flavour" in
	small) xz -6 --check=crc32 -T1 -c ;;
	*) zstd -q -19 -T1 -c ;;
	esac
}
