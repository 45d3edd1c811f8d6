#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# config.txt and cmdline.txt: what each kernel needs, what the site adds in its order, and
# nothing that is for a single machine.
. "${srcdir:-..}/tests/image/lib.sh"
make_site

put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}

put common/cmdline.d/10 <<'END'
# a comment
one	two # and why
url=http://192.0.2.1/a#b
END
echo 'backup' | put common/cmdline.d/10~
printf '%s\n' 'three\ba' | put boot/cmdline.d/a
printf 'four' | put rescue/cmdline.d/z
echo 'never' | put hosts/12345678/cmdline.d/a
echo 'never' | put groups/lab/cmdline.d/a
printf 'dtparam=a=on\n[cm4]\ndtparam=b=on' | put common/config.txt.d/10
echo 'dtparam=c=on' | put boot/config.txt.d/10
echo 'dtparam=never=on' | put hosts/12345678/config.txt.d/10

boot --prefix lab
same "$(cat "$out/card/cmdline.txt")" \
	"console=tty0 console=ttyS1,115200 one two url=http://192.0.2.1/a#b boot=farroot farroot=rescue four three\\ba" \
	"cmdline.txt of a Debian kernel"
cat >"$dir/expected" <<'END'
[all]
arm_64bit=1
kernel=kernel8.img
initramfs initrd,rescue.cpio followkernel
enable_uart=1
kernel_watchdog_timeout=60
upstream_kernel=1
[cm4]
otg_mode=1
[all]
# common/config.txt.d/10
dtparam=a=on
[cm4]
dtparam=b=on
[all]
# boot/config.txt.d/10
dtparam=c=on

[all]
END
diff "$dir/expected" "$out/card/config.txt" || fail "config.txt of a Debian kernel"
# mtools reads the image as any other reader of FAT does.
mcopy -i "$out/http/boot.img" ::config.txt - | cmp - "$out/card/config.txt" || fail "boot.img has another config.txt"
diff -r "$out/card" "$out/tftp/lab" || fail "the TFTP tree has other files"
! grep -r "never\|backup" "$out/card" || fail "something for one machine is in the image"
[ ! -e "$out/card/overlays" ] || fail "a Debian kernel has overlays"

# A site that says nothing gets a rescue system; one with another kind of boot keeps it.
mv "$site" "$site.full"
mkdir "$site"
cp "$site.full/site.conf" "$site/"
boot
same "$(cat "$out/card/cmdline.txt")" "console=tty0 console=ttyS1,115200 boot=farroot farroot=rescue" "cmdline.txt of an empty site"
echo 'farroot=http://192.0.2.1/root.img' | put boot/cmdline.d/10
boot
same "$(cat "$out/card/cmdline.txt")" "console=tty0 console=ttyS1,115200 farroot=http://192.0.2.1/root.img boot=farroot" \
	"cmdline.txt with an image"
echo 'boot=local root=LABEL=root' >"$site/boot/cmdline.d/10"
boot
same "$(cat "$out/card/cmdline.txt")" "console=tty0 console=ttyS1,115200 boot=local root=LABEL=root" "cmdline.txt of another boot"
! grep kernel_watchdog_timeout "$out/card/config.txt" || fail "a boot that does not feed the watchdog would be reset"
rm -r "$site"
mv "$site.full" "$site"

make_raspberrypi_kernel
printf 'dtoverlay=vc4-fkms-v3d,cma-256\ndtoverlay=vc4-kms-v3d\n' | put boot/config.txt.d/20
boot --prefix DC:A6:32:01:02:0A
grep -q '^console=tty1 console=serial0,115200 one ' "$out/card/cmdline.txt" || fail "the console of Raspberry Pi's kernel"
grep -qx dtoverlay=spi-gpio40-45 "$out/card/config.txt" || fail "no overlay for an update of the EEPROM"
! grep -q upstream_kernel "$out/card/config.txt" || fail "upstream_kernel for Raspberry Pi's kernel"
for file in README overlay_map.dtb audremap.dtbo disable-bt.dtbo spi-gpio40-45.dtbo vc4-fkms-v3d.dtbo vc4-kms-v3d-pi4.dtbo; do
	[ -s "$out/tftp/dc-a6-32-01-02-0a/overlays/$file" ] || fail "no overlays/$file"
	mdir -i "$out/http/boot.img" "::overlays/$file" >/dev/null || fail "no overlays/$file in boot.img"
done

echo 'console=ttyAMA0' | put boot/cmdline.d/a
printf 'start_file=start4cd.elf\nfixup_file=fixup4cd.dat\n' | put boot/config.txt.d/30
cp "$firmware/start4.elf" "$firmware/start4cd.elf"
cp "$firmware/fixup4.dat" "$firmware/fixup4cd.dat"
boot --prefix 9FFEFDEF
[ -s "$out/tftp/9ffefdef/start4cd.elf" ] || fail "the firmware that the site chose is missing"
[ ! -e "$out/card/start4.elf" ] || fail "the other firmware is there, too"
same "$(grep -o 'console=[^ ]*' "$out/card/cmdline.txt")" console=ttyAMA0 "consoles, when the site names one"

# What the firmware would ignore or not find.
no=$dir/no
bad() {
	printf '%b\n' "$2" | put boot/config.txt.d/99
	refused "$1" boot_to "$no"
	rm "$site/boot/config.txt.d/99"
}
bad '99:2: longer than 98 characters' "a=b\n$(printf '%099d' 1)"
bad 'has the line ends of Windows' 'a=b\r'
bad '99:1: include' 'include other.txt'
bad 'os_prefix' 'os_prefix=x/'
bad 'lie in the top folder' 'start_file=../x.elf'
bad 'x.elf: no such file' 'start_file=x.elf'
bad 'absent.dtbo: no such file' 'dtoverlay=absent'
rm -r "$from/overlays"
refused "overlays: missing" boot_to "$no"
echo 6.12.57+deb13-arm64 >"$from/kernel-version"
refused "dtoverlay=vc4-fkms-v3d: overlays are for Raspberry Pi's kernel" boot_to "$no"
rm "$site"/boot/config.txt.d/[23]0
printf 'a=\303\244\n' | put boot/cmdline.d/long
refused "not ASCII" boot_to "$no"
printf '%01600d\n' 1 | put boot/cmdline.d/long
refused "the limit is 1500" boot_to "$no"
nothing_left
