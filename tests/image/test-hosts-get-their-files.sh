#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Two machines of one group ask by TFTP as a Pi does: each gets its own config.txt, cmdline.txt
# and archive, and the other files of all machines.
. "${srcdir:-..}/tests/image/lib.sh"
need_tftp
need cpio
make_site
make_raspberrypi_kernel
printf '\0' >>"$from/rescue.cpio"
put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}
echo 'farroot=http://192.0.2.1/all.img roothash=00 farroot.mirror=http://192.0.2.2/all.img' >"$site/common/cmdline.d/image"
printf 'groups=lab hall\n' | put hosts/9ffefdef/host.conf
printf 'panic=300\nfarroot.ntp=192.0.2.1\n' | put groups/lab/device.conf
printf 'panic=600\n' | put groups/hall/device.conf
printf 'farroot.hostname=north\nip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off\n' | put hosts/9ffefdef/device.conf
echo 'a=group quiet' | put groups/lab/cmdline.d/10
echo 'b="own words"' | put hosts/9ffefdef/cmdline.d/10
echo 'dtparam=watchdog=on' | put groups/lab/config.txt.d/10
printf '[0x9ffefdef]\ndtoverlay=vc4-fkms-v3d' | put hosts/9ffefdef/config.txt.d/10
echo 'of the group' | put groups/lab/files/etc/motd
echo 'of the group' | put groups/lab/files/etc/issue
echo 'of the host' | put hosts/9ffefdef/files/etc/motd
chmod 600 "$site/hosts/9ffefdef/files/etc/motd"
ln -s /nowhere "$site/hosts/9ffefdef/files/link"
# shellcheck disable=SC2016 # for the hook
printf '#!/bin/sh\necho "$FARROOT_HOST of $FARROOT_GROUPS" >>etc/issue\n' | put groups/lab/hooks/10-issue
chmod 755 "$site/groups/lab/hooks/10-issue"
# The other one has capital letters and 16 digits, and another image.
printf '# first\n\ngroups=lab' | put hosts/1000000012AB00EF/host.conf
printf 'farroot=http://192.0.2.1/other.img farroot.verify=none\n' | put hosts/1000000012AB00EF/cmdline.d/10
# This one has nothing of its own.
mkdir "$site/hosts/00000001"
boot --prefix lab

ask 9ffefdef/
same "$(grep -c '^get .* missing' "$dir/asked.log")" 0 "files that are missing"
grep -q '^probe 9ffefdef/start4.elf found' "$dir/asked.log" || fail "no start4.elf"
for file in kernel8.img initrd rescue.cpio bcm2711-rpi-4-b.dtb start4.elf fixup4.dat overlays/overlay_map.dtb; do
	cmp "$out/card/$file" "$dir/got/$file" || fail "$file is not that of all machines"
done
grep -qx 'initramfs initrd,rescue.cpio,device.cpio followkernel' "$dir/got/config.txt" || fail "no archive of its own: $(cat "$dir/got/config.txt")"
sed -n '/^# groups/,$p' "$dir/got/config.txt" >"$dir/added"
printf '# groups/lab/config.txt.d/10\ndtparam=watchdog=on\n\n[all]\n# hosts/9ffefdef/config.txt.d/10\n[0x9ffefdef]\ndtoverlay=vc4-fkms-v3d\n[all]\n' |
	diff - "$dir/added" || fail "config.txt"
same "$(cat "$dir/got/cmdline.txt")" \
	"$(cat "$out/card/cmdline.txt") a=group quiet b=\"own words\"" "cmdline.txt"
cmp "$from/overlays/vc4-fkms-v3d.dtbo" "$out/tftp/9ffefdef/overlays/vc4-fkms-v3d.dtbo" || fail "no overlay of its own"
[ ! -e "$out/card/overlays/vc4-fkms-v3d.dtbo" ] || fail "all machines have an overlay of one"

# unpack: what the kernel makes of device.cpio.
unpack() {
	rm -rf "$dir/unpacked"
	mkdir "$dir/unpacked"
	same "$(($(stat -c %s "$dir/got/device.cpio") % 4))" 0 "the size of device.cpio, modulo 4"
	same "$(($(stat -c %s "$dir/got/initrd") % 4))" 0 "the size of initrd, modulo 4"
	same "$(($(stat -c %s "$dir/got/rescue.cpio") % 4))" 0 "the size of rescue.cpio, modulo 4"
	(cd "$dir/unpacked" && cpio -i -d -m --quiet) <"$dir/got/device.cpio" || fail "cpio cannot unpack it"
	! cpio -itv <"$dir/got/device.cpio" 2>/dev/null | grep -v ' root *root ' || fail "an owner that is not root"
}
unpack
same "$(cat "$dir/unpacked/etc/farroot/device.conf")" "panic=300
farroot.ntp=192.0.2.1
panic=600
farroot.hostname=north
ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off" device.conf
cd "$dir/unpacked/etc/farroot/files" || fail "no files"
same "$(find . | sort | tr '\n' ' ')" ". ./etc ./etc/issue ./etc/motd ./link " "the files"
same "$(cat etc/motd)$(stat -c %a etc/motd)" 'of the host600' "a file of the host and the group"
same "$(readlink link)" /nowhere "a link"
same "$(cat etc/issue)" "of the group
9ffefdef of lab hall" "what the hook wrote"
cd - >/dev/null || exit 99

ask 12ab00ef/
same "$(cat "$dir/got/cmdline.txt")" \
	"console=tty1 console=serial0,115200 boot=farroot a=group quiet farroot=http://192.0.2.1/other.img farroot.verify=none" \
	"cmdline.txt with another image, which has other servers and another hash"
unpack
same "$(cat "$dir/unpacked/etc/farroot/files/etc/issue")" "of the group
12ab00ef of lab" "what the hook wrote for the other one"
same "$(cat "$dir/unpacked/etc/farroot/device.conf")" "panic=300
farroot.ntp=192.0.2.1" "device.conf of the other one"

ask 00000001/
[ ! -e "$dir/got/device.cpio" ] || fail "an archive of nothing"
cmp "$out/card/config.txt" "$dir/got/config.txt" || fail "another config.txt of nothing"
same "$(find "$out/tftp/00000001" -type f)" '' "files of a machine with nothing of its own"

# A card of one machine: the links become files.
cp -rL "$out/tftp/9ffefdef" "$dir/card" || fail "a link leads nowhere"
same "$(find "$dir/card" -type l)" '' "links on the card"
cmp "$dir/card/overlays/audremap.dtbo" "$out/card/overlays/audremap.dtbo" || fail "no overlay on the card"
nothing_left
