#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The boot script takes the kernel arguments that farroot-boot(7) explains, and names a
# wrong one as it was typed.  Special characters reach nbdkit as they are.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot-disk
. "$srcdir/initramfs/scripts/farroot-disk"
farroot_cmdline=$dir/cmdline
hash=0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789
good="farroot=http://a/x roothash=$hash"

# takes ARGUMENTS PARAMETER...: the parameters that the plugin gets.
takes() {
	printf "%s\n" "$1" >"$farroot_cmdline"
	shift
	farroot_parse || fail "refused: $(cat "$farroot_cmdline"): $farroot_why"
	[ "$farroot_args" = "$(printf '%s\n' "$@")
" ] || fail "$(cat "$farroot_cmdline"): $farroot_args"
}

# refuses ARGUMENTS MESSAGE: the message begins like this.
refuses() {
	printf "%s\n" "$1" >"$farroot_cmdline"
	! farroot_parse || fail "taken: $1"
	case $farroot_why in
	"$2"*) ;;
	*) fail "$1: $farroot_why" ;;
	esac
}

takes "quiet boot=farroot $good ip=dhcp" url=http://a/x "roothash=$hash"
takes "farroot.rate=100K $good farroot.mirror=http://b/x?a=b" url=http://a/x rate=100K "roothash=$hash" 'url=http://b/x?a=b'
takes 'farroot=https://a/x farroot.verify=none' url=https://a/x verify=none
takes "$good farroot.overlay=1G" url=http://a/x "roothash=$hash"
[ "$farroot_overlay_size" = 1G ] || fail "overlay: $farroot_overlay_size"
takes "$good farroot.partition=2 rootfstype=ext4" url=http://a/x "roothash=$hash" partition=2
# For init-top/farroot-watchdog, not for the plugin.
takes "$good" url=http://a/x "roothash=$hash"
same "$farroot_watchdog" 60 "the default of farroot.watchdog="
for value in no 1 15 3600; do
	takes "$good farroot.watchdog=$value" url=http://a/x "roothash=$hash"
	same "$farroot_watchdog" "$value" farroot.watchdog=
done
# For the rescue system.
takes "$good farroot.mailbox=http://a/m farroot.mailbox-pause=300 farroot.commands=yes farroot.config=http://a/c farroot.config-groups=a farroot.config-number=1 farroot.config-pause=9 farroot.config-wait=3 farroot.tunnel=a@b farroot.wireguard=x farroot.wireguard-address=x farroot.wireguard-allowed=x farroot.host-key=otp farroot.qr=yes farroot.tang=yes farroot.syslog=x farroot.netconsole=192.0.2.1 farroot.tunnel-port=9 farroot.tunnel-host-key=\"ssh-ed25519 AAAA\"" url=http://a/x "roothash=$hash"
# Nor is this one.
takes "$good" url=http://a/x "roothash=$hash"
same "$farroot_supervise" no "the default of farroot.supervise="
for value in yes no; do
	takes "$good farroot.supervise=$value" url=http://a/x "roothash=$hash"
	same "$farroot_supervise" "$value" farroot.supervise=
	takes "$good farroot.pivot=$value" url=http://a/x "roothash=$hash"
	same "$farroot_pivot" "$value" farroot.pivot=
done
for value in yes no; do
	takes "$good farroot.copyfirst=$value" url=http://a/x "roothash=$hash"
	same "$farroot_copyfirst" "$value" farroot.copyfirst=
done
for value in kernel none; do
	takes "$good farroot.verity=$value" url=http://a/x "roothash=$hash"
	same "$farroot_verity" "$value" farroot.verity=
done
refuses "$good farroot.verity=yes" 'farroot.verity=yes: neither kernel nor none'
refuses "$good farroot.copyfirst=1" 'farroot.copyfirst=1: neither yes nor no'
takes "$good farroot.prefetch=none" url=http://a/x "roothash=$hash" profile=none fill=no
takes "$good farroot.prefetch=profile" url=http://a/x "roothash=$hash" fill=no
takes "$good farroot.prefetch=all" url=http://a/x "roothash=$hash" fill=idle
refuses "$good farroot.prefetch=some" 'farroot.prefetch=some: neither none nor profile nor all'
for value in LABEL=data UUID=1234-ABCD:/a/b /dev/sda1 /dev/disk/by-path/x:0:/f; do
	takes "$good farroot.store=$value" url=http://a/x "roothash=$hash"
	same "$farroot_store" "$value" farroot.store=
done
refuses "$good farroot.store=/var/cache" 'farroot.store=/var/cache: neither LABEL=, UUID= nor a device'
refuses 'farroot=http://a/x farroot.verify=none farroot.store=LABEL=x' 'farroot.store=LABEL=x needs roothash='
# The plugin is not started: its parameters do not matter.
echo 'farroot=/dev/vda farroot.verify=none' >"$farroot_cmdline"
farroot_parse || fail "a device is refused: $farroot_why"

# The addresses of IPv6, and characters that are special to a shell, are data.
takes "farroot=http://[2001:db8::1]/x roothash=$hash farroot.mirror=https://[fe80::1%25eth0]:8443/x" \
	'url=http://[2001:db8::1]/x' "roothash=$hash" 'url=https://[fe80::1%25eth0]:8443/x'
for character in '(' ')' "'" '!' '*' '$' '[' ']' '`' ';' '&' '|' '<' '>' '{' '}' '?' '#' '~' "\\" '"' '^' 'ä'; do
	takes "$good farroot.user=a${character}b" url=http://a/x "roothash=$hash" "user=a${character}b"
done
cd "$srcdir" || exit 99
takes "$good farroot.user=*" url=http://a/x "roothash=$hash" 'user=*'
cd - >/dev/null || exit 99
# shellcheck disable=SC2016 # not for this shell
nasty='$(reboot)`reboot`;reboot&$IFS'
takes "farroot=http://a/$nasty roothash=$hash" "url=http://a/$nasty" "roothash=$hash"

# Double quotes, as the kernel understands them.
takes "$good \"farroot.header=A: b  c\" quiet" url=http://a/x "roothash=$hash" 'header=A: b  c'
takes "$good farroot.header=\"A: b c\" quiet" url=http://a/x "roothash=$hash" 'header=A: b c'
takes "$good farroot.header=A:\"b c\"d" url=http://a/x "roothash=$hash" 'header=A:"b c"d'
takes "$good farroot.header=\"A: b farroot.rate=1" url=http://a/x "roothash=$hash" 'header=A: b farroot.rate=1'
takes "$good farroot.header=\"A:\"" url=http://a/x "roothash=$hash" 'header=A:'
takes "$good other=\" farroot.rate=1 \" farroot.rate=2" url=http://a/x "roothash=$hash" rate=2
takes "  quiet	$good " url=http://a/x "roothash=$hash"

# Each parameter reaches the program as one argument.  No shell takes it apart.
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/argv.new"\nmv "%s/argv.new" "%s/argv"\n' "$dir" "$dir" "$dir" >"$dir/program"
chmod +x "$dir/program"
printf "%s\n" "$good \"farroot.header=A: * $nasty\" farroot.user=\\n'\"" >"$farroot_cmdline"
farroot_parse || fail "refused: $farroot_why"
farroot_program=$dir/program
farroot_sandbox=$dir
farroot_pid_file=$dir/pid
nbdkit=nbdkit
farroot_start
wait "$(cat "$dir/pid")"
same "$(tail -n 5 "$dir/argv")" "mlock=yes
url=http://a/x
roothash=$hash
header=A: * $nasty
user=\\n'\"" "the arguments of nbdkit"

refuses "roothash=$hash" 'farroot=URL is missing'
refuses "farroot= roothash=$hash" 'farroot=URL is missing'
refuses "farroot=ftp://a/x roothash=$hash" 'farroot=ftp://a/x: not an http or https URL'
refuses "$good farroot.supervise=maybe" 'farroot.supervise=maybe: neither yes nor no'
refuses "$good farroot.pivot=1" 'farroot.pivot=1: neither yes nor no'
refuses "$good farroot.mirror=" 'farroot.mirror=: empty value'
refuses "$good farroot.rate=" 'farroot.rate=: empty value'
refuses "$good farroot.rate" 'farroot.rate has no value'
refuses "$good farroot.Rate=1" 'farroot.Rate: no such argument'
refuses "$good farroot.=1" 'farroot.: no such argument'
for argument in log mlock status url earlier; do
	refuses "$good farroot.$argument=x" "farroot.$argument is not allowed on the kernel command line"
done
refuses "$good farroot.overlay=big" 'farroot.overlay=big: not a size'
for value in '' yes 0 3601 99999 -1 15s '*'; do
	refuses "$good farroot.watchdog=$value" "farroot.watchdog=$value: neither no nor a number of seconds from 1 to 3600"
	same "$farroot_watchdog" 60 "farroot.watchdog= after the wrong value $value"
done
refuses 'farroot=http://a/x' 'roothash=HEX is missing'
refuses 'farroot=http://a/x roothash=' 'roothash=: empty value'
refuses 'farroot=http://a/x roothash=1234' 'roothash=1234: not 64 digits long'
refuses 'farroot=http://a/x roothash=xyz' 'roothash=xyz: not hexadecimal'
refuses "farroot=/dev/vda roothash=$hash" 'farroot=/dev/vda: nothing verifies a local device'

# A control character, which a console would obey.
refuses "$good $(printf 'farroot.user=a\033[2Jb')" 'farroot.user=a?[2Jb: a control character, shown as ?, is not allowed'
refuses "$good $(printf 'farroot.user=a\177b')" 'farroot.user=a?b: a control character'
refuses "$good $(printf 'farroot.header="A:\nroothash=x"')" 'farroot.header=A:?roothash=x: a control character'
refuses "$good $(printf 'farroot.header="A:\tb"')" 'farroot.header=A:?b: a control character'
