# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What initramfs and tool tree both need is in the initramfs alone: the C library, OpenSSL,
# busybox, modules.  initramfs/rescue/start copies it to the tree, by a list in the tree.
# shellcheck shell=dash

# shared_drop TREE INITRAMFS: deletes from TREE each file of /usr that INITRAMFS has under the
# same name with the same bytes and mode.
shared_drop() {
	shared_list=$1/etc/farroot/initramfs-files
	(cd "$2" && find usr etc/ssl/certs/ca-certificates.crt -type f) | LC_ALL=C sort | while IFS= read -r shared_path; do
		if [ -f "$1/$shared_path" ] && [ ! -L "$1/$shared_path" ] && cmp -s "$1/$shared_path" "$2/$shared_path" &&
			[ "$(stat -c %a "$1/$shared_path")" = "$(stat -c %a "$2/$shared_path")" ]; then
			rm "$1/$shared_path"
			echo "$shared_path"
		fi
	done >"$shared_list"
	[ -s "$shared_list" ] || die "$2: has no file that the tool tree has, too; is it an initramfs of the same packages?"
}
