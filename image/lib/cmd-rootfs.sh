# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# summary:   rootfs    build the root file system that is streamed: a Debian, packed
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

parts_use build rootfs-system rootfs-pack

rootfs_usage() {
	cat <<'EOT'
Usage: farroot-image rootfs SITE -o OUT [OPTION]...
Builds the Debian of the site in the folder SITE, as root, and writes to the folder
OUT: root.img, packed for a web server, its root hash, and the kernel and the
initramfs that boot it.

  -o, --output OUT       the folder for the result; it is made if need be
  --debs DIR             the packages farroot, nbdkit-plugin-farroot and
                         farroot-initramfs are in DIR
  --record               boot the image once in QEMU and pack it by what the boot
                         reads, so that a boot fetches less
  --group NAME           an image for the machines of SITE/groups/NAME: with its packages,
                         files and hooks; may be given more than once
  --host SERIAL          an image for one machine, with what its groups and
                         SITE/hosts/SERIAL have
  --mirror URL           Debian's archive; default: that of this machine's apt
  --security-mirror URL  the archive of Debian's security updates; the same default
  --explain              build nothing; say what would be rebuilt, and why

--record writes OUT/boot.files. As SITE/rootfs/boot.files it packs the next images
without another boot. Results are kept in $FARROOT_IMAGE_CACHE; see
farroot-image(1).
EOT
}

rootfs_option() {
	case "$1" in
	--record) record=yes ;;
	*) return 1 ;;
	esac
}

rootfs_read_site() {
	build_read_site
	flavour=rootfs
	keys_check_any
	init=$(site_get_one_of init systemd sysvinit openrc)
	build_packages=$image_lib/rootfs/packages
	build_more_packages=$image_lib/rootfs/packages-$init
	build_ours='farroot farroot-initramfs nbdkit-plugin-farroot'
	build_needs=farroot-initramfs
	command -v farroot >/dev/null || die "farroot is not installed; install the package farroot"
	[ -z "${record-}" ] || pack_check_recorder
}

rootfs_inputs() {
	{
		inputs_write rootfs "$work/plan" "$work/debs" arch suite kernel init serial
		inputs_line tool farroot "$(farroot --version | head -n 1)"
		[ -z "${record-}" ] || inputs_line option record yes
		[ ! -e "$site_dir/rootfs/boot.files" ] || inputs_file site "$site_dir/rootfs/boot.files" rootfs/boot.files
	} | LC_ALL=C sort
}

rootfs_files() {
	system_configure "$root"
	site_apply_files "$root" rootfs
}

rootfs_build() {
	build_root
	kernel_take "$root" "$result"
	kernel_boot_modules "$root" rootfs
	identities_remove "$root" farroot
	say "making the initramfs"
	system_initramfs "$root" "$result/initrd"
	build_packages_list >"$result/packages"
	system_keep_network "$root"
	system_clean "$root"
	pack_squash "$root" "$work/root.squashfs"
	pack_image "$work/root.squashfs" "$result"
	rootfs_sizes "$root" >"$result/sizes"
}

rootfs_sizes() {
	printf '%-36s %14s\n' "root file system, Debian $suite, $arch" "bytes"
	printf '%-36s %14d\n' \
		"files" "$(du -s --apparent-size --block-size=1 "$1" | cut -f 1)" \
		"root.img" "$(stat -c %s "$result/root.img")" \
		"vmlinuz" "$(stat -c %s "$result/vmlinuz")" \
		"initrd" "$(stat -c %s "$result/initrd")"
	sed -n 's/^boot-bytes=//p' "$work/packed" | while read -r rootfs_bytes; do
		printf '%-36s %14d\n' "read by a boot, as recorded" "$rootfs_bytes"
	done
	echo
	echo "roothash=$(cat "$result/roothash")"
}

cmd_rootfs() {
	record=
	build_run rootfs "$@"
}
