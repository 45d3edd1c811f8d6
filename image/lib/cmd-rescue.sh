# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# summary:   rescue    build the rescue system: kernel, initramfs, tools
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

parts_use build rescue-initramfs rescue-tree rescue-shared rescue-sizes rescue-tools

rescue_usage() {
	cat <<'EOT'
Usage: farroot-image rescue SITE -o OUT [OPTION]...
Builds the rescue system of the site in the folder SITE, as root, from packages of
Debian, and writes vmlinuz, initrd, rescue.cpio, dtbs/ and lists to the folder OUT.

  -o, --output OUT       the folder for the result; it is made if need be
  --debs DIR             the packages farroot, nbdkit-plugin-farroot,
                         farroot-initramfs and farroot-rescue are in DIR
  --group NAME           an image for the machines of SITE/groups/NAME: with its packages,
                         files and hooks; may be given more than once
  --mirror URL           Debian's archive; default: that of this machine's apt
  --security-mirror URL  the archive of Debian's security updates; the same default
  --explain              build nothing; say what would be rebuilt, and why

Results are kept in $FARROOT_IMAGE_CACHE, default /var/cache/farroot-image: what did
not change is not built again. SOURCE_DATE_EPOCH sets the time of the image.
EOT
}

rescue_option() {
	return 1
}

# Everything that the site can be wrong in, before anything takes long.
rescue_read_site() {
	[ -z "$build_host" ] || build_wrong_usage "--host: what is in hosts/ never goes into boot.img; make a group of this machine"
	build_read_site
	flavour=$(site_get_one_of flavour full small)
	keys_check "$flavour"
	build_packages=$image_lib/rescue/packages-$flavour
	build_ours='farroot farroot-initramfs farroot-rescue nbdkit-plugin-farroot'
	build_needs=farroot-rescue
	[ -e "$build_packages" ] || die "$build_packages: missing; install farroot-image again"
	tools_read_site
}

rescue_inputs() {
	tools_plan
	{
		inputs_write rescue "$work/plan" "$work/debs" arch suite kernel flavour serial
		tools_inputs
	} | LC_ALL=C sort
}

rescue_files() {
	site_apply_files "$root" rescue
	tree_site "$root"
}

rescue_build() {
	build_root
	identities_remove "$root" rescue
	rescue_kernel
	say "making the initramfs"
	initramfs_make "$root" "$version" "$work/modules-boot" "$result/initrd"
	say "making the tool tree"
	cp -a "$root/var/lib/dpkg/info" "$work/dpkg-info"
	build_packages_list >"$result/packages"
	tree_prune "$root"
	rescue_check_tree
	libraries_unused "$root" >"$work/unused"
	tools_make "$root"
	shared_drop "$root" "$work/initramfs/all"
	tools_keep_server "$root" "$work/initramfs/all"
	sizes_tree_bytes=$(du -s --apparent-size --block-size=1 "$root" | cut -f 1)
	tree_squash "$root" "$work/rescue.squashfs"
	sizes_packages "$root" "$work/dpkg-info" "$(stat -c %s "$work/rescue.squashfs")" "$result/package-sizes"
	sizes_initramfs "$work/initramfs/all" "$work/dpkg-info" "$(stat -c %s "$result/initrd")" "$result/package-sizes-of-initrd"
	tree_cpio "$work/rescue.squashfs" "$result/rescue.cpio"
	sizes_table "$result/package-sizes" "$result/package-sizes-of-initrd" "$build_packages" "$result" >"$result/sizes"
	sizes_check "$result"
}

# The kernel, and of its modules those that are listed.
rescue_kernel() {
	kernel_take "$root" "$result"
	echo "$flavour" >"$result/flavour"
	rescue_modules
}

rescue_modules() {
	kernel_boot_modules "$root" rescue
	modules_read "$image_lib/rescue/modules-$flavour" | cat - "$work/boot" >"$work/all"
	modules_resolve "$root" "$version" "$work/all" >"$work/modules-all"
	modules_keep "$root" "$version" "$work/modules-all"
}

rescue_check_tree() {
	libraries_check "$root" >"$work/missing" || {
		sed 's/^/  /' "$work/missing" >&2
		die "the tool tree lacks what its programs need (above); see packages-drop-$flavour and paths-drop in $image_lib/rescue"
	}
	rescue_missing=$(programs_check "$root" "$image_lib/rescue/programs-$flavour") ||
		die "these programs are not in the tool tree: $rescue_missing"
}

cmd_rescue() {
	build_run rescue "$@"
}
