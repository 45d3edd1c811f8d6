#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Any machine can download boot.img: what looks like a secret in cmdline.d or config.txt.d is
# refused, and the message does not repeat it.
. "${srcdir:-..}/tests/image/lib.sh"
need ssh-keygen
make_site
no=$dir/no
mkdir -p "$site/boot/cmdline.d" "$site/rescue/config.txt.d"

secret() {
	say "$1"
	echo "quiet $1 splash" >"$site/boot/cmdline.d/x"
	refused "would be in boot.img, which any machine can download" boot_to "$no"
	! grep -q -e hunter2 "$dir/refused.log" || fail "the message repeats the secret of $1"
}

# shellcheck disable=SC2016 # hashes of passwords
for word in password=hunter2 farroot.password=hunter2 farroot.proxy-password=hunter2 userpwd=a:hunter2 \
	passwd=hunter2 luks.passphrase=hunter2 wifi.psk=hunter2 farroot.cookie=s=hunter2 token=hunter2 \
	api_key=hunter2 apikey=hunter2 PASSWORD=hunter2 systemd.credential=hunter2 \
	farroot=https://user:hunter2@192.0.2.1/root.img 'farroot.header="Authorization: hunter2"' \
	farroot.header=Authorization:hunter2 farroot.header=X-API-Key:hunter2 \
	'rootpw=$6$salt$hunter2' 'rootpw=$y$j9T$hunter2' client_secret=hunter2 rootpw=hunter2 \
	user.pass=hunter2 farroot.header="X-Auth:Bearer hunter2"; do
	secret "$word"
done
rm "$site/boot/cmdline.d/x"
echo 'password=hunter2' >"$site/rescue/config.txt.d/x"
refused "the value of password=" boot_to "$no"
rm "$site/rescue/config.txt.d/x"

# TFTP gives the folder of one machine to any machine, too.
mkdir -p "$site/hosts/12345678/cmdline.d" "$site/hosts/12345678/eeprom.d"
echo 'password=hunter2' >"$site/hosts/12345678/cmdline.d/x"
refused "would be in tftp/12345678, which any machine can download" boot_to "$no"
rm "$site/hosts/12345678/cmdline.d/x"

# What only looks like one: names of files, comments; and what is for an EEPROM alone.
cat >"$site/boot/cmdline.d/x" <<'END'
# password=hunter2 does not belong here
farroot.password=+/run/farroot/password farroot.password-file=/run/farroot/password
farroot.cookie-file=/run/cookie farroot.header=X-Site:north roothash=0123 farroot=https://192.0.2.1:8443/a@b
serial=password token_bucket=3 bypass=1 iommu.passthrough=1
END
printf '[farroot]\npassword=hunter2\n' >"$site/hosts/12345678/eeprom.d/x"
boot
! grep -r hunter2 "$out" || fail "a secret is in the output"

# In what --from names, as well: an initramfs of another program, or one with a hand-made file.
ssh-keygen -q -t ed25519 -N '' -f "$dir/ssh" || fail "ssh-keygen"
for name in initrd rescue.cpio; do
	cp "$from/$name" "$dir/clean"
	mkdir -p "$dir/tree/root"
	cp "$dir/ssh" "$dir/tree/root/id"
	(cd "$dir/tree" && find . | cpio -o -H newc --quiet) | gzip -n >"$from/$name"
	refused "$name: any machine can fetch boot.img, and this file has secrets" boot_to "$no"
	grep -q "$name: root/id: a private key" "$dir/refused.log" || fail "the file is not named: $(cat "$dir/refused.log")"
	head -c 5000 /dev/urandom | tr -d '\0' | sed 's/^/x/' >"$from/$name"
	refused "$name: is no archive that the kernel unpacks" boot_to "$no"
	cp "$dir/clean" "$from/$name"
done
[ ! -e "$no" ] || fail "an output that was refused is there"
