#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-boot(7) has every kernel argument that the boot script reads, every
# variable that the hook reads and every file in /etc/farroot; and it has no other.
set -eu
: "${srcdir:=.}" "${top_builddir:=.}"
page=$srcdir/initramfs/farroot-boot.pod
script=$srcdir/initramfs/scripts/farroot
hook=$srcdir/initramfs/hooks/farroot
rescue=$srcdir/initramfs/rescue
plugin_page=$(find "$srcdir/nbd-plugin" -name nbdkit-farroot-plugin.pod)
status=0

missing() {
	echo "$1 is not in $2" >&2
	status=1
}

# is_line WORD TEXT: one of the lines of TEXT is WORD.
is_line() {
	printf '%s\n' "$2" | grep -qxF -e "$1"
}

# What case patterns and comparisons of farroot_parse name; no other function reads
# the command line.
parsed_arguments() {
	sed -n '/^farroot_parse()/,/^}/p' "$script" |
		grep -o -e '[a-z][a-z.-]*=\*' -e 'farroot\.[a-z]*=[a-z][a-z]*' | tr -d '*'
}

# Arguments that initramfs-tools' init reads into variables, if the script uses
# such a variable.
arguments_of_init() {
	for name in BOOTIF DEVICE IP ROOT ROOTDELAY ROOTFLAGS ROOTFSTYPE break debug drop_caps \
		fastboot init netconsole panic quiet readonly resume; do
		if grep -q "[\$]{*${name}[^A-Za-z0-9_]" "$script"; then
			echo "$name=" | tr '[:upper:]' '[:lower:]'
		fi
	done
}

# init looks for a script of this name; and module parameters of which the hook
# sets a default.
other_arguments() {
	echo "boot=$(basename "$script")"
	sed -n 's/^echo "options \([a-z]*\) \([a-z_]*\)=.*/\1.\2=/p' "$hook"
}

# What the rescue system reads: by argument NAME, or from this device's own lines.
rescue_arguments() {
	grep -rhoE '\$\(argument [a-z.-]+' "$rescue" | sed 's/.* //; s/$/=/'
	grep -rh 'rescue_state/device"' "$rescue" | sed -n 's,.*s/^\([a-z-]*=\)//p.*,\1,p'
}

[ "$(grep -c /proc/cmdline "$script")" = 1 ] || missing "a single reader of /proc/cmdline" "$script"
[ "$(parsed_arguments | wc -l)" -ge 10 ] || missing "a list of arguments" "farroot_parse of $script"
arguments=$(
	parsed_arguments
	arguments_of_init
	other_arguments
	rescue_arguments
)
[ "$(rescue_arguments | wc -l)" -ge 5 ] || missing "a list of arguments" "$rescue"
for argument in $arguments; do
	grep -q "^=item .*B<$argument" "$page" || missing "$argument" "$page"
done
# Its pattern is not that of a name.
if grep -qF 'farroot.*=*)' "$script"; then
	grep -qF '=item B<farroot.>I<KEY>B<=>I<VALUE>' "$page" || missing "farroot.KEY=" "$page"
fi

names=$(echo "$arguments" | sed 's/=.*/=/')
items=$(sed -n -e 's/^=item B<\([a-z._-]*=\).*/\1/p' -e 's/^=item B<.*, B<\([a-z._-]*=\).*/\1/p' "$page" | sort -u)
[ "$(echo "$items" | wc -l)" -ge 15 ] || missing "a list of arguments" "$page"
for item in $items; do
	is_line "$item" "$names" || case $item in
	farroot.*) grep -qF "B<${item#farroot.}" "$plugin_page" || missing "$item of $page" "$plugin_page" ;;
	*) missing "$item of $page" "$script" ;;
	esac
done

variables=$(sed -n 's/.*[$]{\([A-Z_]*\):-.*/\1/p' "$hook" | sort -u)
[ -n "$variables" ] || missing "a variable" "$hook"
documented=$(sed -n 's/^=item B<\([A-Z_]*\)>$/\1/p' "$page")
for variable in $variables; do
	is_line "$variable" "$documented" || missing "$variable" "$page"
done
for variable in $documented; do
	is_line "$variable" "$variables" || missing "$variable of $page" "$hook"
done

# Patterns of files, not files.
set -f
files=$(cat "$hook" "$script" | grep -o '/etc/farroot/[a-z*][a-z.*]*' | sort -u)
[ -n "$files" ] || missing "a file" "$hook"
documented=$(sed -n 's,^=item F<\(/etc/.*\)>$,\1,p' "$page")
for file in $files; do
	is_line "$file" "$documented" || missing "$file" "$page"
done
for file in $documented; do
	is_line "$file" "$files" || missing "$file of $page" "$hook"
done

podchecker "$page" >/dev/null 2>&1 || missing "well-formed pod" "$page"
[ -s "$top_builddir/initramfs/farroot-boot.7" ] || missing farroot-boot.7 "the build folder"
exit "$status"
