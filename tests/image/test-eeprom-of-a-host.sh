#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image eeprom --host writes what one machine and its groups have for the EEPROM: the
# values of device.conf as [farroot], where the rescue system finds them, lines of config.txt
# for this machine alone, and settings; at most 4,076 bytes.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
conf=$dir/boot.conf
put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}

eeprom() {
	farroot_image eeprom "$site" -o "$conf" "$@" 2>"$dir/eeprom.log" || fail "eeprom $*: $(cat "$dir/eeprom.log")"
	farroot_image eeprom --check "$conf" >"$dir/check.log" 2>&1 || fail "eeprom $*: its own check: $(cat "$dir/check.log")"
}

echo 'groups=lab hall' | put hosts/100000009FFEFDEF/host.conf
printf '# the lab\nfarroot.ntp=192.0.2.1\npanic=300\n' | put groups/lab/device.conf
printf 'farroot.hostname=north\nip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off' | put hosts/100000009FFEFDEF/device.conf
echo 'DHCP_TIMEOUT=60000' | put groups/hall/eeprom.d/10
printf '[farroot]\nhost-key=c2VjcmV0\n' | put hosts/100000009FFEFDEF/eeprom.d/90
printf '# a note\ndtparam=a=on\n\n[cm4]\ndtparam=b=on\n[all]\ndtparam=c=on' | put groups/lab/config.txt.d/10
echo 'dtparam=d=on' | put hosts/100000009FFEFDEF/config.txt.d/10
echo 'never=on' | put hosts/00000001/config.txt.d/10

eeprom --case http --http-host 192.0.2.1 --host 9FFEFDEF
sed -n '/^\[farroot\]/,$p' "$conf" >"$dir/added"
diff - "$dir/added" <<'END' || fail "what is added for the machine"
[farroot]
farroot.ntp=192.0.2.1
panic=300
farroot.hostname=north
ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off
[all]
# groups/hall/eeprom.d/10
DHCP_TIMEOUT=60000
[all]
# hosts/100000009FFEFDEF/eeprom.d/90
[farroot]
host-key=c2VjcmV0
[config.txt]
[all]
[0x9ffefdef]
dtparam=a=on
[cm4]
dtparam=b=on
[all]
[0x9ffefdef]
dtparam=c=on
[all]
[0x9ffefdef]
dtparam=d=on
[all]
END
same "$(stat -c %a "$conf")" 600 "mode of a configuration with a host key"
! grep -q 'note: the EEPROM has room' "$dir/eeprom.log" || fail "a note about nothing"

# The same in the other form; without --host nothing of it.
cp "$conf" "$dir/first"
eeprom --case http --http-host 192.0.2.1 --host 100000009ffefdef
cmp "$dir/first" "$conf" || fail "the serial number with 16 digits gives another configuration"
eeprom --case http --http-host 192.0.2.1
! grep -q -e farroot] -e config.txt] -e DHCP "$conf" || fail "all machines get the settings of one"
eeprom --case http --http-host 192.0.2.1 --host 00000001
! grep -q -e farroot] -e DHCP "$conf" || fail "another machine gets the settings of one"

# As the firmware and the rescue system read it.
sed -n '/^\[config.txt\]/,$p' "$dir/first" | sed 1d >"$dir/appended"
mkdir "$dir/firmware"
for serial in 100000009ffefdef 12345678; do
	{
		echo arm_64bit=1
		cat "$dir/appended"
	} >"$dir/firmware/config.txt"
	# shellcheck source=/dev/null
	(. "$srcdir/image/lib/say.sh" && . "$srcdir/image/lib/boot-read.sh" && read_config "$dir/firmware" cm4 $serial) |
		tr '\n' ' ' >"$dir/lines.$serial"
done
same "$(cat "$dir/lines.100000009ffefdef")" 'arm_64bit=1 dtparam=a=on dtparam=b=on dtparam=c=on dtparam=d=on ' "config.txt of this machine"
same "$(cat "$dir/lines.12345678")" 'arm_64bit=1 ' "config.txt of another machine with this EEPROM"
node=$dir/system/sys/firmware/devicetree/base/nvram
mkdir -p "$node" "$dir/system/proc/device-tree/aliases" "$dir/system/sys/bus/nvmem/devices/rmem0"
printf '/nvram\0' >"$dir/system/proc/device-tree/aliases/blconfig"
ln -s "$node" "$dir/system/sys/bus/nvmem/devices/rmem0/of_node"
cp "$dir/first" "$dir/system/sys/bus/nvmem/devices/rmem0/nvmem"
same "$(FARROOT_SYSTEM=$dir/system "$srcdir/initramfs/rescue/eeprom")" 'farroot.ntp=192.0.2.1
panic=300
farroot.hostname=north
ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off
host-key=c2VjcmV0' "what the rescue system reads"

# A section [config.txt] of the site stays the only one.
printf '[config.txt]\ndtparam=e=on\n' | put hosts/100000009FFEFDEF/eeprom.d/99
eeprom --case http --http-host 192.0.2.1 --host 9ffefdef
same "$(grep -c '^\[config.txt\]' "$conf")" 1 "sections [config.txt]"
same "$(tail -n 2 "$conf" | tr '\n' ' ')" 'dtparam=d=on [all] ' "the end"

# The prefix of host.conf, and what cannot be in the EEPROM.
echo 'prefix=dc:a6:32:01:02:0a' >>"$site/hosts/100000009FFEFDEF/host.conf"
eeprom --case tftp --host 9ffefdef
grep -qx TFTP_PREFIX=2 "$conf" || fail "the MAC address of host.conf"
sed -i 's/prefix=.*/prefix=north/' "$site/hosts/100000009FFEFDEF/host.conf"
eeprom --case tftp --host 9ffefdef
grep -qx TFTP_PREFIX_STR=north/ "$conf" || fail "the prefix of host.conf"
eeprom --case tftp --host 9ffefdef --tftp-prefix serial
grep -qx TFTP_PREFIX=0 "$conf" || fail "--tftp-prefix counts less than host.conf"
echo quiet | put groups/hall/cmdline.d/10
eeprom --case tftp --host 9ffefdef
grep -q 'note: the EEPROM has room for device.conf, config.txt.d and eeprom.d' "$dir/eeprom.log" || fail "no note about cmdline.d"

# 4,076 bytes are the limit.
eeprom --case tftp --host 9ffefdef
size=$(stat -c %s "$conf")
printf '\nfarroot.header=X: %0*d\n' $((4076 - size - 19)) 1 >>"$site/hosts/100000009FFEFDEF/device.conf"
eeprom --case tftp --host 9ffefdef
same "$(stat -c %s "$conf")" 4076 "the test"
echo 'vlan=eth0.5:eth0' >>"$site/hosts/100000009FFEFDEF/device.conf"
refused "not written" farroot_image eeprom "$site" --case tftp --host 9ffefdef -o "$dir/no"
grep -q '4093 bytes; the EEPROM has room for 4076' "$dir/refused.log" || fail "no limit: $(cat "$dir/refused.log")"
echo 'groups=absent' >"$site/hosts/100000009FFEFDEF/host.conf"
refused "host.conf:1: absent: no such group" farroot_image eeprom "$site" --case tftp --host 9ffefdef -o "$dir/no"
[ ! -e "$dir/no" ] || fail "an output that was refused is there"
nothing_left
