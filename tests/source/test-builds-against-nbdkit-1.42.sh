#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# plugin.c compiles, without a warning, against the nbdkit of Debian 13.
. "${srcdir:-..}/tests/lib.sh"
need apt-get dpkg-deb awk

if pkg-config --atleast-version=1.42 nbdkit 2>/dev/null; then
	include=$(pkg-config --variable=includedir nbdkit)
else
	# Another release by this machine's own mirror, in folders of our own.
	mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
		/^deb / {
			for (i = 2; i <= NF; i++)
				if ($i ~ /:\/\// && $i !~ /security/) { print $i; exit }
		}
		/^URIs:/ && $2 !~ /security/ { print $2; exit }')
	[ -n "$mirror" ] || skip "no mirror in the sources of apt"
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
	echo "deb [signed-by=$keyring] $mirror trixie main" >"$dir/apt/sources.list"
	: >"$dir/apt/status"
	apt() {
		(cd "$dir/apt" && apt-get -o Dir::Etc::sourcelist="$dir/apt/sources.list" \
			-o Dir::Etc::sourceparts=- -o Dir::State::lists="$dir/apt/lists" \
			-o Dir::State::status="$dir/apt/status" -o Dir::Cache="$dir/apt/cache" \
			-o APT::Sandbox::User=root -o Acquire::Languages=none \
			-o Acquire::Retries=2 "$@") >>"$dir/apt.log" 2>&1
	}
	apt update || skip "no package lists: $(tail -n 1 "$dir/apt.log")"
	apt download nbdkit-plugin-dev || skip "no download: $(tail -n 1 "$dir/apt.log")"
	dpkg-deb -x "$dir"/apt/nbdkit-plugin-dev_*.deb "$dir/headers" || fail "not a package"
	include=$dir/headers/usr/include
fi
version=$(sed -n 's/^#define NBDKIT_VERSION_MINOR *//p' "$include/nbdkit-version.h" 2>/dev/null)
say "nbdkit 1.${version:-?}"
# The system's own header must not be found first.
${CC:-cc} -isystem "$include" -I"$top_builddir" -I"$srcdir/nbd-plugin" -D_GNU_SOURCE \
	-O2 -Wall -Wextra -Werror -c "$srcdir/nbd-plugin/nbdkit/plugin.c" -o "$dir/plugin.o" \
	-H 2>"$dir/headers.log" || fail "plugin.c: $(grep -v '^\.' "$dir/headers.log")"
grep -q "$include/nbdkit-plugin.h" "$dir/headers.log" || fail "another nbdkit-plugin.h was used"
