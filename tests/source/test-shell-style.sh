#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Every shell script of ours, in whatever folder, is clean under shellcheck and
# formatted by shfmt.
. "${srcdir:-..}/tests/lib.sh"
need shellcheck shfmt

# From the root of the source; a tree without git (make distcheck) has the same.
cd "$srcdir" || fail "no source"
find . \( -path './build*' -o -name autom4te.cache -o -name '.git' -o -path './rpi-rescue-netboot-*' \) -prune \
	-o -type f -print | grep -v -x -e './configure.*' -e './install-sh' -e './config.*' \
	-e './ltmain.sh' -e './demo.d/.*' | LC_ALL=C sort >"$dir/files"
# What is run by sh, and what is sourced and says so.
while read -r file; do
	case $(head -n 1 "$file" | tr -d '\000') in
	'#!'*/sh | '#!'*/sh' '*) echo "$file" && continue ;;
	esac
	grep -aq '^# shellcheck shell=' "$file" && echo "$file"
done <"$dir/files" >"$dir/scripts"
say "$(grep -c . "$dir/scripts") scripts"
for folder in bench bench/initramfs debian/tests image image/lib initramfs/hooks initramfs/scripts tests tests/boot tests/boot/vm \
	tests/ansible tests/ansible/fake tests/end-to-end tests/fuse tests/fuzz tests/hostile tests/image tests/servers tests/source; do
	[ -d "$folder" ] || continue
	grep -q "^\./$folder/" "$dir/scripts" || fail "where are the scripts of $folder?"
done
[ "$(grep -c . "$dir/scripts")" -ge 100 ] || fail "where are the scripts?"
# A rule of make itself makes NAME from NAME.sh.
while IFS= read -r file; do
	case $file in
	*.sh) [ ! -e "${file%.sh}" ] || fail "make would write $file to ${file%.sh}; give one of them another name" ;;
	esac
done <"$dir/files"

# outline FILE: what a script that sources FILE sees of it: variables, functions, and what FILE sources
# itself.  shellcheck reads it again for each script, and FILE takes much longer.
outline() {
	awk '
		function add_names(pattern,    line, name) {
			line = $0
			while (match(line, pattern)) {
				name = substr(line, RSTART, RLENGTH)
				gsub(/[^A-Za-z0-9_]/, "", name)
				if (name ~ /^[A-Za-z_]/)
					names[name]
				line = substr(line, RSTART + RLENGTH)
			}
		}
		/^[ \t]*# shellcheck .*(shell|source)/ || /^[ \t]*[.] / { sub(/^[ \t]*/, ""); print; next }
		/^[ \t]*#/ { next }
		/^[A-Za-z_0-9]+=[A-Za-z0-9_.:\/-]*$/ { print; constants[substr($0, 1, index($0, "=") - 1)]; next }
		/^[A-Za-z_0-9]+\(\) \{/ { sub(/\(.*/, ""); functions[$0]; next }
		{ add_names("[A-Za-z_0-9]+="); add_names("[$]{?#?[A-Za-z_0-9]+"); if (/(^|[ \t])read /) add_names("[ ][A-Za-z_0-9]+") }
		END {
			for (name in names)
				print (name in constants ? ": \"$" name "\"" : name "=${" name "-}")
			for (name in functions)
				print name "() { :; }"
		}' "$1"
}
grep -E '^\./tests/.*/test-[^/]*$' "$dir/scripts" >"$dir/tests"
grep -vxF -f "$dir/tests" "$dir/scripts" >"$dir/others"
mkdir "$dir/outlines"
cp .shellcheckrc "$dir/outlines"
xargs cp --parents -t "$dir/outlines" <"$dir/tests" || fail "cannot copy the tests"
while read -r file; do
	mkdir -p "$dir/outlines/${file%/*}"
	outline "$file" >"$dir/outlines/$file"
done <"$dir/others"
status=0
xargs shellcheck -x -s dash <"$dir/others" >&2 || status=1
# What an outline cannot tell: what a function of the library calls, and what its subshells set.
(cd "$dir/outlines" && xargs shellcheck -x -s dash -e SC2031,SC2317) <"$dir/tests" >&2 || status=1
xargs shfmt -d -ln posix <"$dir/scripts" >&2 || status=1
[ $status = 0 ] || fail "see above; shfmt -w -ln posix FILE formats"
