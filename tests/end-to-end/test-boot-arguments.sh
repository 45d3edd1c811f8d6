#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The boot script takes the kernel arguments that farroot-boot(7) explains, and names a
# wrong one as it was typed.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
farroot_cmdline=$dir/cmdline
hash=0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789
good="farroot=http://a/x roothash=$hash"

# takes ARGUMENTS PARAMETER...: the parameters that the plugin gets.
takes() {
	echo "$1" >"$farroot_cmdline"
	shift
	farroot_parse || fail "refused: $(cat "$farroot_cmdline"): $farroot_why"
	[ "$farroot_args" = "$(printf '%s\n' "$@")
" ] || fail "$(cat "$farroot_cmdline"): $farroot_args"
}

# refuses ARGUMENTS MESSAGE: the message begins like this.
refuses() {
	echo "$1" >"$farroot_cmdline"
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
# The plugin is not started: its parameters do not matter.
echo 'farroot=/dev/vda farroot.verify=none' >"$farroot_cmdline"
farroot_parse || fail "a device is refused: $farroot_why"

refuses "roothash=$hash" 'farroot=URL is missing'
refuses "farroot= roothash=$hash" 'farroot=URL is missing'
refuses "farroot=ftp://a/x roothash=$hash" 'farroot=ftp://a/x: not an http or https URL'
# shellcheck disable=SC2016
refuses "farroot=http://a/\$x roothash=$hash" 'farroot=http://a/$x: empty value, or a character'
refuses "$good farroot.mirror=" 'farroot.mirror=: empty value'
refuses "$good farroot.mirror=http://[::1]/x" 'farroot.mirror=http://[::1]/x: empty value, or a character'
refuses "$good farroot.rate=" 'farroot.rate=: empty value'
refuses "$good farroot.rate='100" "farroot.rate='100: empty value, or a character"
refuses "$good farroot.rate" 'farroot.rate has no value'
refuses "$good farroot.Rate=1" 'farroot.Rate: no such argument'
refuses "$good farroot.=1" 'farroot.: no such argument'
for argument in log mlock status store url; do
	refuses "$good farroot.$argument=x" "farroot.$argument is not allowed on the kernel command line"
done
refuses "$good farroot.overlay=big" 'farroot.overlay=big: not a size'
refuses 'farroot=http://a/x' 'roothash=HEX is missing'
refuses 'farroot=http://a/x roothash=' 'roothash=: empty value'
refuses 'farroot=http://a/x roothash=1234' 'roothash=1234: not 64 digits long'
refuses 'farroot=http://a/x roothash=xyz' 'roothash=xyz: not hexadecimal'
refuses "farroot=/dev/vda roothash=$hash" 'farroot=/dev/vda: nothing verifies a local device'
