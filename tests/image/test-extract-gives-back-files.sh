#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image extract finds in boot.img what the firmware of each model would load, with the
# filters of config.txt applied.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
mkdir -p "$site/boot/config.txt.d"
cat >"$site/boot/config.txt.d/machines" <<'END'
gpu_mem=16
[0x1234abcd]
hdmi_force_hotplug=1
[cm4]
dtparam=ant2
[all]
[gpio4=1]
kernel=other.img
[all]
[none]
kernel=none.img
[all]
[EDID=X]
kernel=edid.img
END
boot

extract() {
	rm -rf "$dir/x"
	farroot_image extract "$out/http/boot.img" -o "$dir/x" "$@" || fail "extract $* failed"
}

pad=$(((4 - $(stat -c %s "$from/initrd") % 4) % 4))
[ "$pad" != 0 ] || fail "the first archive is to end between two multiples of 4 bytes; change its bytes"
extract
cmp "$dir/x/kernel" "$from/vmlinuz" || fail "another kernel"
{
	cat "$from/initrd"
	# The second archive begins at a multiple of 4 bytes.
	head -c $pad /dev/zero
	cat "$from/rescue.cpio"
} | cmp - "$dir/x/initramfs" || fail "another initramfs"
same "$(cat "$dir/x/cmdline")" "$(cat "$out/card/cmdline.txt")" cmdline
cmp "$dir/x/dtb" "$from/dtbs/bcm2711-rpi-4-b.dtb" || fail "another device tree"
grep -qx gpu_mem=16 "$dir/x/config.txt" || fail "a line of [all] is missing"
same "$(grep -c 'otg_mode\|hotplug\|ant2\|^kernel=' "$dir/x/config.txt")" 1 "lines that do not count for a Pi 4"

extract --model 400
cmp "$dir/x/dtb" "$from/dtbs/bcm2711-rpi-400.dtb" || fail "another device tree for the 400"
extract --model cm4 --serial 100000001234ABCD
cmp "$dir/x/dtb" "$from/dtbs/bcm2711-rpi-cm4-io.dtb" || fail "another device tree for the CM4"
same "$(grep -c 'otg_mode=1\|hotplug=1\|ant2' "$dir/x/config.txt")" 3 "lines for this CM4"
extract --serial 0x1234abcd
same "$(grep -c 'otg_mode\|hotplug=1\|ant2' "$dir/x/config.txt")" 1 "lines for this Pi 4"
extract --serial 1234abce
same "$(grep -c 'hotplug' "$dir/x/config.txt")" 0 "lines for another serial number"

# A kernel that is compressed already stays as it is; no second archive.
gzip -n "$from/vmlinuz"
cp "$from/vmlinuz.gz" "$from/vmlinuz"
rm "$from/rescue.cpio"
boot
cmp "$from/vmlinuz" "$out/card/kernel8.img" || fail "a compressed kernel was changed"
extract
gzip -dc "$from/vmlinuz" | cmp - "$dir/x/kernel" || fail "another kernel"
cmp "$dir/x/initramfs" "$from/initrd" || fail "an initramfs alone was changed"

refused "exists" farroot_image extract "$out/http/boot.img" -o "$dir/x"
refused "no such file" farroot_image extract "$dir/absent" -o "$dir/y"
refused "no sound FAT" farroot_image extract "$from/initrd" -o "$dir/y"
status=0
farroot_image extract "$out/http/boot.img" -o "$dir/y" --model pi5 2>"$dir/usage.log" || status=$?
same $status 2 "status of a wrong model"
[ ! -e "$dir/y" ] || fail "an output that was refused is there"
nothing_left
