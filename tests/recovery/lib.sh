# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For tests that run guest-init in a machine with Debian's kernel.  Source it after lib.sh.
#   RECOVERY_ROUNDS=N   rounds of faults; default 3, of a test named test-...-briefly-... 1
#   RECOVERY_IMAGE=DIR  takes the kernel and the initramfs from what vm_root made there
#   RECOVERY_FARROOT=FILE, RECOVERY_PLUGIN=FILE   programs of this build instead of that initramfs'
#   RECOVERY_KEEP=FILE  keeps the console's log
#
#   recovery_begin TEST [MEMORY]  makes an image, an origin and an initramfs, and starts the machine
#   expect SECONDS PATTERN        on its console
# shellcheck disable=SC2154 # of lib.sh

# shellcheck disable=SC2034 # for lib.sh
vm_here=$srcdir/tests/boot/vm
# shellcheck source-path=SCRIPTDIR source=../boot/vm/lib.sh
. "$srcdir/tests/boot/vm/lib.sh"

need_root
need mksquashfs unsquashfs nginx cpio qemu-system-x86_64 mmdebstrap
console=$dir/console.log
case $0 in
*-briefly-*) rounds=${RECOVERY_ROUNDS:-1} ;;
*) rounds=${RECOVERY_ROUNDS:-3} ;;
esac

at_exit() {
	"$vm_here/serve" stop "$dir/origin"
	[ -z "${RECOVERY_KEEP-}" ] || cp "$console" "$RECOVERY_KEEP"
}

# The image on an origin.
make_origin() {
	mkdir "$dir/root" "$dir/www"
	"$top_builddir/tests/recovery/reader" make "$dir/root" 12 4 || fail "cannot make the files"
	mksquashfs "$dir/root" "$dir/root.squashfs" -quiet -no-progress || fail "mksquashfs"
	pack "$dir/root.squashfs" "$dir/www/root.img"
	echo >"$dir/www/root.img.off"
	size=$(stat -c %s "$dir/www/root.img")
	port=$("$vm_here/serve" start "$dir/origin" "$dir/www") || fail "no origin"
}

# add_program NAME: a program of this machine, with its libraries, in /host of the initramfs.
add_program() {
	program=$(PATH=$PATH:/sbin:/usr/sbin command -v "$1") || skip "no $1"
	mkdir -p "$dir/over/host"
	cp "$program" "$dir/over/host/$1"
	ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
		cp "$library" "$dir/over/host/" || exit
	done || fail "cannot copy the libraries of $1"
}

# A real initramfs, over which the test lays its own first process, its reader and the
# modules that the real one does not have.
make_initramfs() {
	if [ -n "${RECOVERY_IMAGE-}" ]; then
		base=$RECOVERY_IMAGE
	else
		vm_use_tools || fail "make-debs"
		base=$(vm_root amd64) || fail "farroot-image rootfs"
	fi
	mkdir "$dir/vm" "$dir/over"
	unsquashfs -n -q -d "$dir/modules" "$base/root.img" 'usr/lib/modules/*/modules.*' \
		'usr/lib/modules/*/kernel/drivers/md' 'usr/lib/modules/*/kernel/drivers/scsi/scsi_*' 'usr/lib/modules/*/kernel/drivers/block/loop*' \
		'usr/lib/modules/*/kernel/net/sched' 'usr/lib/modules/*/kernel/drivers/net/ifb.*' \
		'usr/lib/modules/*/kernel/fs' 'usr/lib/modules/*/kernel/lib' 'usr/lib/modules/*/kernel/crypto' >/dev/null ||
		fail "unsquashfs"
	mkdir -p "$dir/over/usr"
	mv "$dir/modules/usr/lib" "$dir/over/usr/lib"
	add_program tc
	add_program dmsetup
	cp "$top_builddir/tests/recovery/reader" "$dir/over/reader"
	cp "$srcdir/tests/recovery/guest-init" "$dir/over/init"
	chmod 755 "$dir/over/init" "$dir/over/reader"
	if [ -n "${RECOVERY_FARROOT-}" ]; then
		mkdir -p "$dir/over/usr/bin"
		cp "$RECOVERY_FARROOT" "$dir/over/usr/bin/farroot"
	fi
	if [ -n "${RECOVERY_PLUGIN-}" ]; then
		mkdir -p "$dir/over/usr/lib/x86_64-linux-gnu/nbdkit/plugins"
		cp "$RECOVERY_PLUGIN" "$dir/over/usr/lib/x86_64-linux-gnu/nbdkit/plugins/nbdkit-farroot-plugin.so"
	fi
	cp "$base/vmlinuz" "$dir/vm/vmlinuz"
	cp "$base/initrd" "$dir/vm/initrd"
	truncate -s %512 "$dir/vm/initrd"
	(cd "$dir/over" && find . | cpio -o -H newc -R 0:0 --quiet) >>"$dir/vm/initrd" || fail "cpio"
}

expect() {
	limit=$(slack "$1")
	vm_wait_for "$limit" "$machine" "$console" "$2|guest: FAILED" || fail "no \"$2\" within $limit s"
	! grep -aq 'guest: FAILED' "$console" || fail "$(grep -a 'guest: FAILED' "$console")"
}

recovery_begin() {
	make_origin
	make_initramfs
	recovery_start "$1" "${2:-1G}"
}

# recovery_start TEST MEMORY [ARGUMENT]...: a machine; $recovery_options: more options for run-vm.
recovery_start() {
	recovery_test=$1 recovery_memory=$2
	shift 2
	# shellcheck disable=SC2086 # words
	"$vm_here/run-vm" ${recovery_options-} --arch amd64 --memory "$recovery_memory" --serial "$console" "$dir/vm" quiet panic=10 \
		"guest.test=$recovery_test" "guest.rounds=$rounds" "guest.url=http://10.0.2.2:$port/root.img" "guest.roothash=$roothash" \
		"guest.sha256=$(sha256sum <"$dir/www/root.img" | cut -d ' ' -f 1)" "$@" &
	machine=$!
	remember "$machine"
}
