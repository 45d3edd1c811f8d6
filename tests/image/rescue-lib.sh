# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For tests of farroot-image rescue.  Source it after lib.sh.
#
#   make_site            -> $dir/site, one that can be built, with an ed25519 key
#   expect STATUS TEXT ARGUMENT...   farroot-image ARGUMENT ends so, and says so
#   load_parts NAME...   image/lib/NAME.sh, to test a function by itself; load_parts_of
#                        FOLDER NAME... those of a copy

# lib.sh sets dir and srcdir.
# shellcheck disable=SC2154,SC2034

image=$srcdir/image/farroot-image
export FARROOT_IMAGE_CACHE="$dir/cache"

make_site() {
	need ssh-keygen
	rm -rf "$dir/site"
	mkdir -p "$dir/site"
	printf 'arch=%s\nsuite=trixie\nserial=shell\n' "$(dpkg --print-architecture)" >"$dir/site/site.conf"
	[ -e "$dir/key" ] || ssh-keygen -q -t ed25519 -N '' -C test -f "$dir/key" || fail "ssh-keygen"
	cp "$dir/key.pub" "$dir/site/authorized_keys"
}

expect() {
	expected=$1 text=$2
	shift 2
	status=0
	timeout "$(slack 60)" sh "$image" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ "$status" = "$expected" ] || fail "farroot-image $*: status $status, not $expected: $(cat "$dir/err")"
	grep -qF -e "$text" "$dir/err" "$dir/out" || fail "farroot-image $*: '$text' is not in: $(cat "$dir/out" "$dir/err")"
}

# As the builder, which ends at the first error.
load_parts() {
	load_parts_of "$srcdir/image" "$@"
}

# load_parts_of FOLDER NAME...: of a copy.
load_parts_of() {
	image_lib=$1
	shift
	for load_part in say parts; do
		# shellcheck source=/dev/null
		. "$image_lib/lib/$load_part.sh"
	done
	parts_use "$@"
	work=$dir/work
	mkdir -p "$work"
}

# $site, of which builds are explained; an apt-get that needs no network plans them.
make_planned_site() {
	need ssh-keygen mmdebstrap mksquashfs cpio modprobe readelf
	fake_apt
	make_site
	site=$dir/site
}

# An apt-get for the tests: it chooses the packages in $dir/packages, lines "NAME VERSION",
# and needs no network.
fake_apt() {
	mkdir -p "$dir/bin"
	cat >"$dir/bin/apt-get" <<-EOF
		#!/bin/sh
		for word; do
			case "\$word" in
			indextargets) echo http://mirror.invalid/debian && exit ;;
			update) exit 0 ;;
			install)
				sed 's/^\([^ ]*\) \(.*\)/Inst \1 (\2 Debian:13.1\/stable [amd64])/' "$dir/packages"
				exit
				;;
			esac
		done
	EOF
	chmod +x "$dir/bin/apt-get"
	PATH=$dir/bin:$PATH
	export PATH
}
