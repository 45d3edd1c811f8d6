# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The initramfs of the rescue system: made inside the root by initramfs-tools, with the
# hooks of the packages in rescue/initramfs-hooks.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# initramfs_make ROOT VERSION MODULES OUT: MODULES has the names of the modules in it.
initramfs_make() {
	initramfs_keep_hooks "$1"
	tree_drop_paths "$1" "$image_lib/rescue/paths-drop-first"
	initramfs_settings "$1/etc/initramfs-tools"
	# What is listed there would be loaded by every boot; udev and the scripts load what is
	# needed.
	: >"$1/etc/initramfs-tools/modules"
	initramfs_modules_hook "$3" "$1/usr/share/initramfs-tools/hooks/farroot-image-modules"
	root_bind=
	initramfs_run "$1" -o /boot/initrd.farroot "$2"
	initramfs_filter "$1" "$2"
	initramfs_repack "$1/boot/initrd.farroot" "$4"
}

# Each package with a hook for initramfs-tools would add its programs to the initramfs; the
# tools are in the tool tree.
initramfs_keep_hooks() {
	site_words "$image_lib/rescue/initramfs-hooks" >"$work/hooks"
	for initramfs_hook in "$1"/usr/share/initramfs-tools/hooks/*; do
		grep -qxF -e "${initramfs_hook##*/}" "$work/hooks" || rm "$initramfs_hook"
	done
}
