# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The tool tree: the root without what a rescue system does not need, and without anything
# that belongs to one machine or one build.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# tree_site ROOT: what the rescue system reads of the site.
tree_site() {
	mkdir -p "$1/etc/farroot"
	keys_install "$1"
	{
		echo "serial=$serial"
		echo "flavour=$flavour"
	} >"$1/etc/farroot/rescue.conf"
}

# tree_drop_packages ROOT LIST: deletes the files of packages that are only needed to build.
# A line is "NAME" or "NAME | NAME": at least one must be installed, unless it begins with ?.
# "SUITE: NAME" is for this release of Debian only.
tree_drop_packages() {
	sed -e 's/#.*//' -e "s/^$suite:[[:space:]]*//" -e '/^[a-z]*:/d' -e '/^[[:space:]]*$/d' "$2" | while IFS= read -r tree_line; do
		tree_any=
		for tree_package in $(echo "$tree_line" | tr '|?' '  '); do
			for tree_list in "$1/var/lib/dpkg/info/$tree_package.list" "$1/var/lib/dpkg/info/$tree_package:$arch.list"; do
				[ -e "$tree_list" ] || continue
				tree_any=yes
				echo "$tree_list"
			done
		done
		case "$tree_line" in
		\?*) ;;
		*) [ -n "$tree_any" ] || die "$2: \"$tree_line\": no such package is installed; correct the list" ;;
		esac
	done >"$work/dropped-lists"
	tree_delete "$1" "$work/dropped-lists"
}

# What two packages share, folders that is, stays while it is not empty.
tree_delete() {
	while IFS= read -r tree_list; do
		cat "$tree_list"
	done <"$2" | sed -n 's,^/\(.\),\1,p' | LC_ALL=C sort -ru >"$work/dropped-paths"
	while IFS= read -r tree_list; do
		rm "$tree_list" "${tree_list%.list}.md5sums" 2>/dev/null || :
	done <"$2"
	# What a kept package lists as well stays.
	cat "$1"/var/lib/dpkg/info/*.list | sed -n 's,^/\(.\),\1,p' | LC_ALL=C sort -ru >"$work/kept-paths"
	LC_ALL=C sort "$work/dropped-paths" >"$work/dropped-sorted"
	LC_ALL=C sort "$work/kept-paths" | LC_ALL=C comm -23 "$work/dropped-sorted" - | LC_ALL=C sort -r |
		(cd "$1" && while IFS= read -r tree_path; do
			if [ -L "$tree_path" ] || [ ! -d "$tree_path" ]; then
				rm -f -- "$tree_path"
			else
				rmdir -- "$tree_path" 2>/dev/null || :
			fi
		done)
}

# tree_drop_paths ROOT LIST: files and folders by name, without patterns.  A line is PATH,
# ?PATH if it may be absent, or PATH except NAME...: what else is in that folder.
tree_drop_paths() {
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$2" >"$work/drop"
	tree_bad=$(grep -E -e '^\??/' -e '[*[]' -e '(^|/)\.\.?(/|$)' -e '^\?[^a-z]' "$work/drop" | head -n 1) || :
	[ -z "$tree_bad" ] || die "$2: \"$tree_bad\": give a path from the root, without / before it and without patterns"
	tree_triplet=$([ "$arch" = arm64 ] && echo aarch64-linux-gnu || echo x86_64-linux-gnu)
	sed "s,TRIPLET,$tree_triplet,g" "$work/drop" | while read -r tree_path tree_except tree_names; do
		[ "${tree_except:-except}" = except ] || die "$2: $tree_path $tree_except: only \"except NAME...\" may follow a path"
		case "$tree_path" in
		\?*)
			tree_path=${tree_path#\?}
			[ -e "$1/$tree_path" ] || [ -L "$1/$tree_path" ] || continue
			;;
		esac
		[ -e "$1/$tree_path" ] || [ -L "$1/$tree_path" ] ||
			die "$2: $tree_path: does not exist; correct the list, or write ?$tree_path if it may be absent"
		if [ -z "$tree_except" ]; then
			rm -rf --one-file-system -- "${1:?}/$tree_path"
			continue
		fi
		for tree_entry in "$1/$tree_path"/*; do
			case " $tree_names " in
			*" ${tree_entry##*/} "*) ;;
			*) rm -rf --one-file-system -- "$tree_entry" ;;
			esac
		done
	done
}

# tree_prune ROOT: the root becomes the tool tree.
tree_prune() {
	rm -f "$1/etc/apt/sources.list"
	root_bind=
	root_run "$1" busybox --list >"$work/applets"
	tree_drop_packages "$1" "$image_lib/rescue/packages-drop-$flavour"
	tree_drop_paths "$1" "$image_lib/rescue/paths-drop"
	[ ! -e "$image_lib/rescue/paths-drop-$flavour" ] || tree_drop_paths "$1" "$image_lib/rescue/paths-drop-$flavour"
	rm -rf "${1:?}/boot" "$1/usr/lib/linux-image-${version:?}" "$1/initrd.img" "$1/initrd.img.old" "$1/vmlinuz" "$1/vmlinuz.old"
	# Folders that are empty in a system that just booted, by their names.
	for tree_folder in dev proc sys run tmp var/tmp var/log var/cache var/lib/apt var/lib/dpkg; do
		[ -d "$1/$tree_folder" ] || continue
		find "$1/$tree_folder" -xdev -mindepth 1 -delete
	done
	find "$1/usr/lib" "$1/usr/share" "$1/etc" -depth -type d -name __pycache__ -exec rm -rf {} +
	mkdir -p "$1/boot" "$1/mnt" "$1/media"
	tree_busybox "$1"
	tree_udevadm "$1"
	# The small flavour has no bash; sh is busybox's then, which can edit its line, too.
	[ -e "$1/usr/bin/bash" ] || sed -i '/^root:/s,:/bin/bash$,:/bin/sh,' "$1/etc/passwd"
}

# tree_busybox ROOT: a link for each command that busybox has and no package brought.  A link
# to a program that was dropped, such as awk to mawk, is none.
tree_busybox() {
	(cd "$1" && find usr/bin usr/sbin -type l) | while IFS= read -r tree_path; do
		programs_resolve "$1" "$tree_path" || rm "$1/$tree_path"
	done
	while IFS= read -r tree_applet; do
		for tree_folder in usr/bin usr/sbin usr/local/bin; do
			if [ -e "$1/$tree_folder/$tree_applet" ] || [ -L "$1/$tree_folder/$tree_applet" ]; then
				continue 2
			fi
		done
		case "$tree_applet" in
		# What would be dangerous under its name, or is no command.
		init | linuxrc | busybox | halt | poweroff | reboot | rpm | dpkg | dpkg-deb | adduser | deluser | addgroup | delgroup | '' | */*) ;;
		*) ln -s busybox "$1/usr/bin/$tree_applet" ;;
		esac
	done <"$work/applets"
}

# udevd runs in the initramfs, or in the root that was booted: udevadm is run there.
tree_udevadm() {
	printf '#!/bin/sh\nexec chroot /proc/1/root udevadm "$@"\n' >"$1/usr/bin/udevadm"
	chmod 755 "$1/usr/bin/udevadm"
}

# tree_squash ROOT OUT: the squashfs.  xz is smaller, and slower to read.
tree_squash() {
	initramfs_clamp "$1"
	case "$flavour" in
	small) set -- "$1" "$2" -comp xz -b 1M ;;
	*) set -- "$1" "$2" -comp zstd -Xcompression-level 19 -b 256K ;;
	esac
	squashfs_make "$@" -no-xattrs -no-exports
}

# tree_cpio SQUASHFS OUT: a cpio archive with the one file /rescue.squashfs.
tree_cpio() {
	mkdir "$work/cpio"
	mv "$1" "$work/cpio/rescue.squashfs"
	chmod 444 "$work/cpio/rescue.squashfs"
	touch -d "@$SOURCE_DATE_EPOCH" "$work/cpio/rescue.squashfs"
	archive_pack "$work/cpio" >"$2"
	rm -r "$work/cpio"
}
