#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The report of farroot report shows the values of arguments that are known to be harmless, and
# the names of all others: in the arguments, in the kernel's log, and in other logs.
. "${srcdir:-..}/tests/lib.sh"
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state FARROOT_SYSTEM=$dir/system
export RESCUE_STATE FARROOT_SYSTEM
mkdir -p "$RESCUE_STATE" "$dir/programs"
hash=$(printf '%064d' 7)
cat >"$RESCUE_STATE/arguments" <<END
quiet
boot=farroot
farroot=https://user:geheim@example.org/root.img?token=geheim
farroot.mirror=http://user:ge@heim@192.0.2.1/root.img
roothash=$hash
farroot.proxy=socks5h://user:geheim@192.0.2.2
farroot.proxy=user:geheim@192.0.2.3:3128
farroot.header=X-Site: geheim words
farroot.header-file=/etc/farroot/secrets/header
farroot.tunnel-host-key=ssh-ed25519 AAAAC3
farroot.proxy-password=geheim
farroot.nothing-yet=geheim
luks.passphrase=geheim
systemd.set_credential=name:geheim
password=geheim
geheim
farroot.fill
END
# What the kernel says: quotes stay, or the values fall apart.
cat >"$dir/kernel.log" <<END
[    0.000000] Kernel command line: quiet ip=dhcp "farroot.header=X-Site: geheim words" luks.passphrase=geheim farroot.cookie="a=1; b=geheim" console=ttyS0,115200
[    0.000000] Unknown kernel command line parameters "boot=farroot farroot.header=X-Site: geheim", will be passed to user space.
[    1.000000] usb 1-1: New USB device found, idVendor=1d6b, idProduct=0002
[    2.000000] farroot: farroot.proxy=user:geheim@192.0.2.3: cannot be used
[    2.000000] farroot: farroot.header=X-Site: geheim
[    2.000000] farroot: ftp://a:geheim@192.0.2.4/x and http://192.0.2.5/y?geheim were refused
[    3.000000] systemd: rd.luks.passphrase=geheim
[    3.000000] password=geheim and farroot.fill=no
[    3.000000] farroot.fill=no http://a:geheim@192.0.2.6 farroot.proxy=http://a:geheim@192.0.2.7 http://192.0.2.8?geheim
END
printf '#!/bin/sh\ncat "%s"\n' "$dir/kernel.log" >"$dir/programs/dmesg"
printf '#!/bin/sh\n' >"$dir/programs/farroot"
chmod +x "$dir/programs"/*
PATH=$dir/programs:$PATH timeout "$(slack 60)" "$rescue/report" "$dir/report.tar.gz" >"$dir/out" 2>"$dir/err" </dev/null || fail "farroot report: $(cat "$dir/err")"
in_report() {
	tar -xzOf "$dir/report.tar.gz" "report/$1"
}

same "$(in_report device-arguments)" "quiet
boot=farroot
farroot=https://...@example.org/root.img?...
farroot.mirror=http://...@192.0.2.1/root.img
roothash=$hash
farroot.proxy=socks5h://...@192.0.2.2
farroot.proxy=...@192.0.2.3:3128
farroot.header=...
farroot.header-file=/etc/farroot/secrets/header
farroot.tunnel-host-key=ssh-ed25519 AAAAC3
farroot.proxy-password=...
farroot.nothing-yet=...
luks.passphrase=...
systemd.set_credential=...
password=...
...
farroot.fill" "the arguments of the machine"
same "$(in_report dmesg)" '[    0.000000] Kernel command line:  quiet ip=dhcp farroot.header=... luks.passphrase=... farroot.cookie=... console=ttyS0,115200
[    0.000000] Unknown kernel command line parameters  boot=farroot farroot.header=... ...
[    1.000000] usb 1-1: New USB device found, idVendor=1d6b, idProduct=0002
[    2.000000] farroot: farroot.proxy=...@192.0.2.3: cannot be used
[    2.000000] farroot: farroot.header=...
[    2.000000] farroot: ftp://...@192.0.2.4/x and http://192.0.2.5/y?... were refused
[    3.000000] systemd: rd.luks.passphrase=...
[    3.000000] password=...
[    3.000000] farroot.fill=no http://...@192.0.2.6 farroot.proxy=http://...@192.0.2.7 http://192.0.2.8?...' "the kernel's log"
! tar -xzOf "$dir/report.tar.gz" | grep -a geheim || fail "a secret is in the report"

# The small flavour has the awk of busybox.
need busybox
mkdir "$dir/busybox"
ln -s "$(command -v busybox)" "$dir/busybox/awk"
for kind in arguments text; do
	PATH=$dir/busybox:$PATH "$rescue/mask" $kind <"$RESCUE_STATE/arguments" >"$dir/small" || fail "mask of busybox"
	"$rescue/mask" $kind <"$RESCUE_STATE/arguments" | cmp - "$dir/small" || fail "busybox masks otherwise: $(cat "$dir/small")"
done

# Each argument of farroot-boot(7) without a secret in it is known.
sed -n 's/^=item B<\(farroot[a-z.-]*=\).*/\1x/p' "$srcdir/initramfs/farroot-boot.pod" | sort -u |
	grep -v -E 'farroot\.(user|password|host-key)=' >"$dir/documented"
same "$("$rescue/mask" arguments <"$dir/documented")" "$(cat "$dir/documented")" "the arguments of farroot-boot(7)"
# A line without an end holds nothing up.
head -c 300000 /dev/zero | tr '\0' x >"$dir/long"
same "$(timeout "$(slack 10)" "$rescue/mask" text <"$dir/long" | wc -c)" 4097 "what is left of a long line"
