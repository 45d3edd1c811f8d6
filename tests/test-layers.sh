#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Who may include what: curl, nbdkit, libnl and libsquashfs are each known to one place, and a
# module includes only what is below it in the order of nbd-plugin/Makemodule.am.
. "${srcdir:-..}/tests/lib.sh"

cd "$srcdir/nbd-plugin" || fail "no source"
wrong=0

# only PATTERN FILE...: nobody else includes it.
only() {
	pattern=$1
	shift
	for file in *.[ch]; do
		grep -q "^#include <$pattern" "$file" || continue
		case " $* " in
		*" $file "*) ;;
		*)
			say "$file includes <$pattern...>, which is for $* alone"
			wrong=1
			;;
		esac
	done
	for file; do
		[ -e "$file" ] && grep -q "^#include <$pattern" "$file" && return
	done
	say "nobody includes <$pattern...>: is this test still right?"
	wrong=1
}

# shellcheck disable=SC2046 # names without blanks
only curl/ $(echo origin*.[ch])
only nbdkit plugin.c
only netlink/ nbd-netlink.c
only sqfs/ squashfs-image.h squashfs-write.c
only json-c/ status.c
only openssl/ verity.c verity-build.c ca-bundle.c

# The order: one line of SOURCES after the other, top first.  Files of one line
# are of one rank; so are those of a module in several files (fetch*, origin*).
awk '
	/^libfarroot_la_SOURCES/ { inside = 1; next }
	inside {
		for (i = 1; i <= NF; i++)
			if (sub(/^nbd-plugin\//, "", $i)) {
				module = $i
				sub(/[-.].*/, "", module)
				several = module ~ /^(fetch|origin)$/
				if (several && !(module in rank))
					rank[module] = NR
				print $i, several ? rank[module] : NR
			}
		if (!/\\$/)
			exit
	}' Makemodule.am >"$dir/ranks"
[ "$(grep -c . "$dir/ranks")" -gt 30 ] || fail "cannot read nbd-plugin/Makemodule.am"
rank_of() {
	awk -v name="$1" '$1 == name { print $2 }' "$dir/ranks"
}
while read -r file rank; do
	[ -e "$file" ] || fail "$file is in Makemodule.am and nowhere else"
	sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file" | grep -vx config.h >"$dir/headers"
	while read -r header; do
		below=$(rank_of "$header")
		if [ -z "$below" ]; then
			say "$file includes $header, which is not of the engine"
			wrong=1
		elif [ "$below" -lt "$rank" ]; then
			say "$file includes $header, which is above it"
			wrong=1
		fi
	done <"$dir/headers"
done <"$dir/ranks"
for file in *.h; do
	[ -n "$(rank_of "$file")" ] || grep -q "$file" ./*.am || {
		say "$file is in no Makemodule.am"
		wrong=1
	}
done
[ $wrong = 0 ] || fail "see above"
