#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What is wrong in groups/ and hosts/ ends at once with the file and the line, before anything
# is made: a wrong serial number, key, group, value of device.conf, a secret.
. "${srcdir:-..}/tests/image/lib.sh"
need cpio ssh-keygen
make_site
no=$dir/no
boot_to "$out" >"$dir/boot.log" 2>&1 || fail "farroot-image boot"
put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}

# bad TEXT: farroot-image hosts refuses the site; then it has no groups and hosts.
bad() {
	refused "$1" farroot_image hosts "$site" -o "$out"
	rm -rf "$site/hosts" "$site/groups" "$site/host" "$site/group"
	mkdir -p "$site/hosts/9ffefdef"
}
mkdir -p "$site/hosts/9ffefdef"

# farroot-image boot refuses the same, before it makes anything.
echo 'groups=lab' | put hosts/9ffefdef/host.conf
refused "hosts/9ffefdef/host.conf:1: lab: no such group" boot_to "$no"
[ ! -e "$no" ] || fail "an output was made"
bad "hosts/9ffefdef/host.conf:1: lab: no such group"
for name in 9ffefde 9ffefdeg 0x9ffefdef north 123456789abc; do
	mkdir "$site/hosts/$name"
	bad "hosts/$name: must be a serial number: 8 hex digits"
done
mkdir "$site/hosts/0c8f7e5cbd989ae1"
bad "hosts/0c8f7e5cbd989ae1: the serial number of a Pi 4, with 16 digits, begins with 10000000"
mkdir "$site/hosts/100000009FFEFDEF"
bad "is for the same machine, 9ffefdef"
mkdir -p "$site/host/9ffefdef"
bad "host: unknown; the folder is named hosts"
mkdir -p "$site/groups/a b"
bad "groups/a b: the name of a group has letters"
mkdir -p "$site/hosts/9ffefdef/package.d"
bad "hosts/9ffefdef/package.d: unknown"
mkdir -p "$site/groups/lab/file"
bad "groups/lab/file: unknown"
echo x | put groups/lab/host.conf
bad "groups/lab/host.conf: unknown"
echo x | put groups/lab
bad "groups/lab: not a folder"

conf() {
	printf '%b\n' "$2" | put hosts/9ffefdef/host.conf
	bad "hosts/9ffefdef/host.conf:$1"
}
conf '2: hostname: no such key; the keys are groups and prefix, and arguments go to device.conf' '# a comment\nhostname=x'
conf '1: "lab" is not KEY=VALUE' lab
conf '3: prefix= is given twice' 'prefix=serial\n\nprefix=lab'
conf '1: prefix=../x: must be' 'prefix=../x'
conf '1: prefix=none: a host needs a folder' 'prefix=none'
conf ' lines end with CR LF' 'prefix=serial\r'
mkdir -p "$site/groups/lab"
conf '1: the group lab is there twice' 'groups=lab lab'
conf '1: ___x: no such group' 'groups=*[?x'
echo prefix=kernel8.img | put hosts/9ffefdef/host.conf
refused "kernel8.img is already in the TFTP tree" boot_to "$no"
bad "tftp/kernel8.img: exists, and is no folder of a machine"
echo prefix=00000001 | put hosts/9ffefdef/host.conf
mkdir "$site/hosts/00000001"
bad "another host has the folder 00000001"
mkdir "$out/tftp/9ffefdef"
bad "tftp/9ffefdef: exists, and is no folder of a machine"
rmdir "$out/tftp/9ffefdef"

value() {
	printf 'panic=1\n%b\n' "$2" | put groups/lab/device.conf
	bad "groups/lab/device.conf:2: $1"
}
value 'ip=: 192.0.2 is no' 'ip=192.0.2.7::192.0.2'
value 'ip=: must be dhcp' 'ip=dchp'
value 'ip=: must be dhcp' 'ip=192.0.2.256'
value 'ip=: 255.0.255.0 is no netmask' 'ip=192.0.2.7::192.0.2.1:255.0.255.0::eth0:off'
value 'ip=: 24 is no netmask' 'ip=192.0.2.7::192.0.2.1:24::eth0:off'
value 'ip=: not a form' 'ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:dhcp'
value 'ip=: not a form' 'ip=[2001:db8::7]x'
value 'farroot.hostnam=: no such argument' 'farroot.hostnam=x'
value 'console=: no such argument' 'console=ttyS0'
value 'farroot.store=: no such argument' 'farroot.store=/x'
value 'farroot.watchdog=: is read before this file; put it into a file of cmdline.d' 'farroot.watchdog=15'
value 'farroot.hostname=: must be the name' 'farroot.hostname=a b'
value 'farroot.rescue-after=: must be a number' 'farroot.rescue-after=10m'
value 'farroot=: must be rescue' 'farroot=example.org'
value 'roothash=: must be 64' 'roothash=0123'
value 'vlan=: must be NAME:PARENT' 'vlan=5'
value 'vlan=: without quotes' 'vlan="eth0.5:eth0"'
value '"quiet" is not NAME=VALUE' 'quiet'
value 'has characters that are not ASCII' 'farroot.hostname=b\303\244r'
value 'has characters that are not ASCII, or the line ends of Windows' 'panic=3\r'
value 'host-key=: TFTP gives this file to any machine' 'host-key=c2VjcmV0'
value 'password=: TFTP gives this file' 'password=hunter2'
echo "farroot=http://192.0.2.1/x" | put hosts/9ffefdef/device.conf
bad "names an image, and roothash= is missing"
echo "farroot=/dev/sda" | put hosts/9ffefdef/device.conf
bad "names a device, which nothing verifies"
# The hash of the group is that of the group's image.
printf 'farroot=http://192.0.2.1/x\nroothash=%064d\n' 1 | put groups/lab/device.conf
echo "farroot=http://192.0.2.1/y" | put hosts/9ffefdef/device.conf
echo groups=lab | put hosts/9ffefdef/host.conf
bad "names an image, and roothash= is missing"
# What is right, with each kind of address.
for good in dhcp auto6 none 192.0.2.7 192.0.2.7::192.0.2.1:255.255.254.0:::off:192.0.2.2 192.0.2.7::192.0.2.1:255.255.254.0::eth0:off:192.0.2.2:192.0.2.3 \
	'[2001:db8::7]::[2001:db8::1]:64::eth0:off:[2001:db8::2]'; do
	printf '# %s\nip=%s\nfarroot=http://192.0.2.1/x\nroothash=%064d\nfarroot.header=X-Site: north hall\n' "$(printf '\303\244')" "$good" 1 |
		put hosts/9ffefdef/device.conf
	farroot_image hosts "$site" -o "$out" >"$dir/good.log" 2>&1 || fail "refused: $good"
done
# Every parameter of the plugin that the kernel's command line may have is known.
sed -n 's/^	{ "\([a-z0-9-]*\)", \([A-Z]\|set_\).*/\1/p' "$srcdir/nbd-plugin/common/options.c" |
	grep -vx -e status -e log -e mlock -e store -e earlier -e url -e roothash | sort >"$dir/parameters"
[ "$(grep -c . "$dir/parameters")" -gt 30 ] || fail "where are the parameters?"
# shellcheck disable=SC2086,SC2154 # words of that file
(. "$srcdir/image/lib/host-values.sh" && printf '%s\n' $values_parameters) | sort | diff "$dir/parameters" - ||
	fail "host-values.sh knows other parameters"
rm -r "$site/hosts/9ffefdef/device.conf"

# Secrets, which TFTP would give to any machine.
ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
for part in groups/lab hosts/9ffefdef; do
	mkdir -p "$site/hosts/9ffefdef" "$site/groups/lab"
	echo groups=lab | put hosts/9ffefdef/host.conf
	put $part/files/root/notes <"$dir/key"
	refused "TFTP gives device.cpio to any machine that asks" farroot_image hosts "$site" -o "$out"
	grep -q "files/root/notes: a private key" "$dir/refused.log" || fail "the file is not named"
	rm -r "$site/$part/files"
	echo 'farroot.proxy-password=hunter2' | put $part/device.conf
	bad "would be in the TFTP tree, which any machine can download"
	echo groups=lab | put hosts/9ffefdef/host.conf
	echo 'a.password=hunter2' | put $part/cmdline.d/x
	mkdir -p "$site/groups/lab"
	bad "would be in tftp/9ffefdef, which any machine can download"
	! grep -q hunter2 "$dir/refused.log" || fail "the message repeats the secret"
done
# A hook that brings one in; and a certificate, which is public.
printf '#!/bin/sh\necho 0123456789abcdef0123456789abcdef >machine-id\n' | put hosts/9ffefdef/hooks/10-id
chmod 755 "$site/hosts/9ffefdef/hooks/10-id"
bad "TFTP gives device.cpio to any machine that asks"
put hosts/9ffefdef/files/etc/ssh/ssh_host_ed25519_key-cert.pub <"$dir/key.pub"
farroot_image hosts "$site" -o "$out" >"$dir/good.log" 2>&1 || fail "a certificate is refused"
[ -e "$out/tftp/9ffefdef/device.cpio" ] || fail "no archive"

# Hooks: no network, no other files, and an end.
hook() {
	printf '#!/bin/sh\n%s\n' "$2" | put hosts/9ffefdef/hooks/10-test
	chmod 755 "$site/hosts/9ffefdef/hooks/10-test"
	bad "$1"
}
hook "the hook failed with status 7 for 9ffefdef" 'exit 7'
hook "the hook failed" "cat '$site/site.conf'"
hook "the hook failed" 'test -w /usr'
hook "the hook failed" 'mount -t tmpfs x /tmp'
hook "the hook failed" "echo x >$(printf '%s' "$dir" | tr -d ' ')/made"
hook "neither a file nor a folder" 'mkfifo pipe'
printf '#!/bin/sh\n' | put hosts/9ffefdef/hooks/10-test
bad "hooks/10-test: not executable"

# Lines for config.txt, and files that are not there.
config() {
	echo "$2" | put hosts/9ffefdef/config.txt.d/10
	bad "$1"
}
config "config.txt.d/10:1: include" 'include x'
config "config.txt.d/10:1: initramfs: farroot-image writes this line" 'initramfs other followkernel'
config "tftp/9ffefdef: config.txt needs absent.img, which is missing" 'kernel=absent.img'
config "dtoverlay=x: overlays are for Raspberry Pi's kernel" 'dtoverlay=x'
echo farroot=http://192.0.2.1/x | put hosts/9ffefdef/cmdline.d/image
bad "farroot= in cmdline.d names an image, and roothash= is missing"
printf '%01600d\n' 1 | put hosts/9ffefdef/cmdline.d/long
bad "the limit is 1500"
mkdir -p "$site/hosts/9ffefdef/files/run"
bad "files/run: the running system has its own /run"
echo x | put hosts/9ffefdef/files/large
truncate -s $((65535 * 1024)) "$site/hosts/9ffefdef/files/large"
bad "device.cpio: 6710"

# A tree of another kind, whose initramfs reads no device.conf.
mv "$from/rescue.cpio" "$dir/"
echo panic=5 | put hosts/9ffefdef/device.conf
refused "has no rescue.cpio; put arguments into cmdline.d" boot_to "$no"
mv "$dir/rescue.cpio" "$from/"
make_raspberrypi_kernel
boot_to "$out" >"$dir/boot.log" 2>&1 || fail "farroot-image boot"
echo dtoverlay=vc4-fkms-v3d | put hosts/9ffefdef/config.txt.d/10
refused "vc4-fkms-v3d.dtbo is not among the overlays; name the output of farroot-image rescue: --from DIR" \
	farroot_image hosts "$site" -o "$out"
echo dtoverlay=absent >>"$site/hosts/9ffefdef/config.txt.d/10"
refused "absent.dtbo is not among the overlays in $from" farroot_image hosts "$site" -o "$out" --from "$from"
[ ! -e "$no" ] || fail "an output was made"
nothing_left
