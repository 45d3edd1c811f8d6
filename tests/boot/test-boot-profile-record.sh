#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile record --boot boots an image once, on a machine that has it as a
# disk, and saves what it read: from the superblock at the start to the tables at
# the end, and nothing beyond.  A boot from an origin reads the same, and can
# tell so itself.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_prepare amd64
image=$boot_dir/www/root.img
began=$(vm_now)
farroot profile record --boot --console="$boot_log" --timeout="$(slack 300)" --append=vmreport \
	"$boot_image/vmlinuz" "$boot_image/initrd" "$image" 9>&- || boot_fail "profile record --boot"
boot_say "recorded in $(($(vm_now) - began)) s"
boot_seen 'NOTHING IS VERIFIED' || boot_fail "the console does not say that nothing is verified"
boot_seen 'vm-report: root=overlay lower=/dev/vda' || boot_fail "not the root that it should be"
! boot_seen 'vm-report: daemon' || boot_fail "there is a daemon"
[ "$(boot_bytes)" = 0 ] || boot_fail "it went to the origin"

for header in "# farroot profile" "# roothash=$boot_roothash" "# kernel=[0-9].*-amd64" "# recorded=20.*"; do
	grep -qx -e "$header" "$image.profile" || boot_fail "no '$header' in: $(head -n 5 "$image.profile")"
done
# The tables of a squashfs are last; its superblock has their offset and the end.
tables=$(od -An -t u8 -j 64 -N 8 "$image" | tr -d ' ')
data=$(od -An -t u8 -j 40 -N 8 "$image" | tr -d ' ')
grep -v '^#' "$image.profile" | awk -v size="$boot_size" -v tables="$tables" -v data="$data" '
	$1 == 0 { start = 1 }
	$1 + $2 > tables && $1 < data { tail += $2 }
	$1 + $2 > size || $1 % 4096 || $2 % 4096 || !$2 { print "odd: " $0; odd = 1 }
	{ bytes += $2 }
	END {
		printf "%d extents, %d of %d bytes, %d of them at the end\n", NR, bytes, size, tail
		exit odd || !start || !tail || NR < 20 || bytes < size / 20 || bytes > size * 0.8
	}' || boot_fail "not what a boot reads"

# What a machine tells that boots from the origin.
boot_start farroot.fill=no vmreport=profile
boot_expect 300 'vm-report: done'
boot_check_log
# A login prompt may have got in between, at the beginning of a line.
tr -d '\r' <"$boot_log" | sed -n 's/^.*vm-report: profile=\(#.*\|[0-9]* [0-9]*\)$/\1/p' >"$boot_dir/guest.profile"
farroot profile show "$boot_dir/guest.profile" "$image" >"$boot_dir/shown" ||
	boot_fail "the machine's own profile: $(head -n 5 "$boot_dir/guest.profile")"
for header in "# roothash=$boot_roothash" "# kernel=[0-9].*-amd64"; do
	grep -qx -e "$header" "$boot_dir/guest.profile" ||
		boot_fail "no '$header' in: $(head -n 5 "$boot_dir/guest.profile")"
done
grep -v -h '^#' "$image.profile" "$boot_dir/guest.profile" | awk -v first="$(grep -vc '^#' "$image.profile")" '
	NR <= first { for (i = $1; i < $1 + $2; i += 4096) known[i] = 1; next }
	{ for (i = $1; i < $1 + $2; i += 4096) { all++; hits += known[i] } }
	END {
		printf "%d of %d blocks that the machine read were in the profile\n", hits, all
		exit all < 1000 || hits < all * 0.95
	}' || boot_fail "the profile is not of this boot"
