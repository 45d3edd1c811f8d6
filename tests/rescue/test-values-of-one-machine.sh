#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# From the site to the machine: what hosts/SERIAL says reaches the rescue system and the boot
# by its archive in the TFTP tree and by the EEPROM, which counts more: address,
# hostname, role, image, what to do after a time-out, and files.
. "${srcdir:-..}/tests/image/lib.sh"
need cpio
make_site
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state FARROOT_SYSTEM=$dir/system
export RESCUE_STATE FARROOT_SYSTEM
mkdir "$RESCUE_STATE"
put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}
hash1=$(printf '%064d' 1) hash2=$(printf '%064d' 2)
echo "boot=farroot farroot=http://192.0.2.1/all.img roothash=$hash1 farroot.mirror=http://192.0.2.2/all.img farroot.rate=1M ip=dhcp" \
	>"$site/common/cmdline.d/boot"
echo 'groups=lab' | put hosts/9ffefdef/host.conf
printf 'farroot.rescue-after=120\npanic=900\nfarroot.ntp=192.0.2.1\nfarroot.header=X-Site: north hall\n' | put groups/lab/device.conf

# boots: the machine gets what OUT/tftp/9ffefdef and the EEPROM have.
boots() {
	boot_to "$out" >"$dir/boot.log" 2>&1 || fail "farroot-image boot"
	farroot_image eeprom "$site" --case tftp --host 9ffefdef -o "$dir/boot.conf" >"$dir/eeprom.log" 2>&1 || fail "farroot-image eeprom"
	takes_over
}

takes_over() {
	rm -rf "$FARROOT_SYSTEM"
	node=$FARROOT_SYSTEM/sys/firmware/devicetree/base/nvram
	mkdir -p "$node" "$FARROOT_SYSTEM/proc/device-tree/aliases" "$FARROOT_SYSTEM/sys/bus/nvmem/devices/rmem0"
	printf '/nvram\0' >"$FARROOT_SYSTEM/proc/device-tree/aliases/blconfig"
	ln -s "$node" "$FARROOT_SYSTEM/sys/bus/nvmem/devices/rmem0/of_node"
	cp "$dir/boot.conf" "$FARROOT_SYSTEM/sys/bus/nvmem/devices/rmem0/nvmem"
	[ ! -e "$out/tftp/9ffefdef/device.cpio" ] ||
		(cd "$FARROOT_SYSTEM" && cpio -i -d -m --quiet) <"$out/tftp/9ffefdef/device.cpio" || fail "cpio"
	# The firmware adds its own.
	printf 'coherent_pool=1M smsc95xx.macaddr=DC:A6:32:01:02:0A %s\n' "$(cat "$out/tftp/9ffefdef/cmdline.txt")" \
		>"$FARROOT_SYSTEM/proc/cmdline"
	"$rescue/gather-arguments" || fail gather-arguments
	for file in "$RESCUE_STATE"/from-*; do
		[ ! -e "$file" ] || fail "a temporary file is left: $file"
	done
}

# argument NAME: as the services of the rescue system read it.
argument() {
	# shellcheck source=/dev/null
	(. "$rescue/lib.sh" && argument "$1")
}

# The boot as scripts/farroot sees it: farroot_url, farroot_args, farroot_rescue_after, panic.
parse() {
	echo 1 >"$RESCUE_STATE/serve.pid"
	# What init has read.
	panic=600
	# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
	. "$srcdir/initramfs/scripts/farroot"
	farroot_rescue=$RESCUE_STATE
	farroot_cmdline=$RESCUE_STATE/cmdline
	farroot_parse || fail "the boot refuses $(cat "$farroot_cmdline"): $farroot_why"
}

# The archive alone: what the EEPROM of a Pi has that was not configured for this.
printf 'farroot.hostname=north\nip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off\n' | put hosts/9ffefdef/device.conf
boots
echo BOOT_ORDER=0xf12 >"$dir/boot.conf"
takes_over
same "$(argument farroot.hostname)" north "the hostname"
same "$(argument farroot.ntp)" 192.0.2.1 "the time server of the group"
"$rescue/network" --only-write || fail network
grep -qx 'static ip_address=192.0.2.7/24' "$RESCUE_STATE/dhcpcd.conf" || fail "the address: $(cat "$RESCUE_STATE/dhcpcd.conf")"
parse
same "$farroot_url" http://192.0.2.1/all.img "the image of all machines"
same "$farroot_rescue_after" 120 "farroot.rescue-after="
# shellcheck disable=SC2154 # set in scripts/farroot
same "$panic" 900 "panic="
same "$farroot_args" "url=http://192.0.2.1/all.img
roothash=$hash1
url=http://192.0.2.2/all.img
rate=1M
header=X-Site: north hall
" "the parameters of the plugin"

# Another role: it stays in the rescue system.
echo 'farroot=rescue' >>"$site/hosts/9ffefdef/device.conf"
boots
parse
same "$farroot_url" rescue "the role"

# Another image: neither the servers nor the hash of that of all machines.
sed -i 's/^farroot=.*//' "$site/hosts/9ffefdef/device.conf"
printf 'farroot=http://192.0.2.3/own.img\nroothash=%s\nfarroot.mirror=http://192.0.2.4/own.img\n' "$hash2" >>"$site/hosts/9ffefdef/device.conf"
boots
parse
# Also though both the archive and the EEPROM have all of it.
same "$farroot_args" "url=http://192.0.2.3/own.img
rate=1M
header=X-Site: north hall
roothash=$hash2
url=http://192.0.2.4/own.img
" "the parameters for another image"

# The EEPROM counts more, and alone has secrets, which are not shown.
# shellcheck disable=SC2016 # a hash
printf '[farroot]\nfarroot.hostname=south\nhost-key=c2VjcmV0\npassword=$y$x\n' | put hosts/9ffefdef/eeprom.d/10
boots
same "$(argument farroot.hostname)" south "the hostname of the EEPROM"
same "$(sed -n 's/^host-key=//p' "$RESCUE_STATE/device")" c2VjcmV0 "the key of the EEPROM"
same "$(stat -c %a "$RESCUE_STATE/device" "$RESCUE_STATE/arguments" | tr '\n' ' ')" '600 644 ' "modes"
! grep -q -e host-key -e password "$RESCUE_STATE/arguments" "$RESCUE_STATE/cmdline" || fail "a secret is among the arguments"

# Written by hand, on Windows.
mkdir -p "$FARROOT_SYSTEM/etc/farroot"
printf '# mine\r\n  farroot.hostname=west \r\n\r\n' >"$FARROOT_SYSTEM/etc/farroot/device.conf"
rm -r "$FARROOT_SYSTEM/proc/device-tree"
"$rescue/gather-arguments" || fail gather-arguments
same "$(argument farroot.hostname)" west "the hostname of a file with line ends of Windows"
# Nothing of its own.
rm "$FARROOT_SYSTEM/etc/farroot/device.conf"
"$rescue/gather-arguments" || fail gather-arguments
same "$(cat "$RESCUE_STATE/arguments")" "$("$rescue/words" <"$FARROOT_SYSTEM/proc/cmdline")" "the arguments of the kernel alone"
same "$(cat "$RESCUE_STATE/device")" '' "the values of a machine without any"

# Files, into a tree with a link for a folder, a folder that is closed, and links for files.
echo key | put hosts/9ffefdef/files/etc/farroot/authorized_keys
echo lib | put hosts/9ffefdef/files/lib/new
echo motd | put hosts/9ffefdef/files/etc/motd
echo secret | put groups/lab/files/root/note
mkdir -m 750 "$site/groups/lab/files/srv"
ln -s /usr/bin/true "$site/groups/lab/files/tool"
boots
tree=$dir/tree
mkdir -p "$tree/usr/lib" "$tree/etc" "$dir/outside"
mkdir -m 700 "$tree/root"
ln -s usr/lib "$tree/lib"
ln -s "$dir/outside/motd" "$tree/etc/motd"
"$rescue/add-files" "$FARROOT_SYSTEM/etc/farroot/files" "$tree" || fail add-files
same "$(cat "$tree/usr/lib/new" "$tree/etc/motd" "$tree/etc/farroot/authorized_keys" "$tree/root/note" | tr '\n' ' ')" \
	'lib motd key secret ' "the files in the tree"
same "$(stat -c %a "$tree/root" "$tree/srv" | tr '\n' ' ')" '700 750 ' "the modes of folders"
[ -L "$tree/lib" ] || fail "a link of the tree became a folder"
[ ! -e "$dir/outside/motd" ] || fail "a file outside of the tree was written"
same "$(readlink "$tree/tool")" /usr/bin/true "a link"
"$rescue/add-files" "$dir/absent" "$tree" || fail "a machine without files"

# The certificate of its ssh host key, which may be in the archive; one of another key would
# keep sshd from starting.
need ssh-keygen
ssh-keygen -q -t ed25519 -N '' -f "$dir/ca"
mkdir "$RESCUE_STATE/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$RESCUE_STATE/ssh/host_ed25519_key"
cp "$RESCUE_STATE/ssh/host_ed25519_key.pub" "$dir/host.pub"
ssh-keygen -q -s "$dir/ca" -I north -h -n north "$dir/host.pub"
put hosts/9ffefdef/files/etc/farroot/host-certificate.pub <"$dir/host-cert.pub"
boots
mkdir -p "$FARROOT_SYSTEM/etc/farroot"
"$rescue/add-files" "$FARROOT_SYSTEM/etc/farroot/files" "$FARROOT_SYSTEM"
"$rescue/host-certificate" || fail host-certificate
cmp "$dir/host-cert.pub" "$RESCUE_STATE/ssh/host_ed25519_key-cert.pub" || fail "the certificate is not used"
[ -e "$RESCUE_STATE/released.certificate" ] || fail "host-certificate would run again"
rm "$RESCUE_STATE/ssh/host_ed25519_key-cert.pub"
ssh-keygen -q -s "$dir/ca" -I north -h -n north "$dir/ca.pub"
cp "$dir/ca-cert.pub" "$FARROOT_SYSTEM/etc/farroot/host-certificate.pub"
"$rescue/host-certificate" || fail host-certificate
[ ! -e "$RESCUE_STATE/ssh/host_ed25519_key-cert.pub" ] || fail "a certificate of another key is used"

# The small flavour, without ssh-keygen, says once that its server knows no certificate.
mkdir "$dir/small"
for program in sh grep sed tail cat mkdir; do
	ln -s "$(command -v $program)" "$dir/small/$program"
done
RESCUE_LOG=$dir/kernel.log
export RESCUE_LOG
rm "$RESCUE_STATE/released.certificate" "$RESCUE_STATE/ssh/host_ed25519_key.pub"
PATH=$dir/small "$rescue/host-certificate" || fail host-certificate
same "$(cat "$RESCUE_LOG")" "farroot-rescue: no ssh host certificate: dropbear, the ssh server of this flavour, knows none" "the message"
[ -e "$RESCUE_STATE/released.certificate" ] || fail "host-certificate would run again"
