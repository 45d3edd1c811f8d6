#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Lists of kernel modules: the modules with what they depend on, the entries of one
# architecture, folders; a name that the kernel lacks is an error.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need modprobe depmod xz
: "${CC:=cc}"
need "$CC"
load_parts debian-modules
root=$dir/root
version=6.0-test
modules=$root/lib/modules/$version

# module PATH DEFINES [USES]: enough of a module for depmod.
module() {
	name=${1##*/}
	{
		echo "int $2; int __ksymtab_$2 __attribute__((section(\"__ksymtab\")));"
		echo "char s[] __attribute__((section(\"__ksymtab_strings\"))) = \"$2\";"
		echo "const char m[] __attribute__((section(\".modinfo\"))) = \"name=$name\";"
		[ -z "${3-}" ] || echo "extern int $3; int *use = &$3;"
	} >"$dir/module.c"
	mkdir -p "$modules/kernel/${1%/*}"
	$CC -c -o "$modules/kernel/$1.ko" "$dir/module.c" || fail "cannot compile"
}
module net/low low_symbol
module net/high high_symbol low_symbol
module net/other other_symbol
module fs/alone alone_symbol
xz "$modules/kernel/net/low.ko"
echo 'kernel/fs/inside.ko' >"$modules/modules.builtin"
touch "$modules/modules.order"
depmod -b "$root" "$version" || fail "depmod"

# resolves ENTRIES FILES
resolves() {
	printf '%s\n' "$1" >"$dir/list"
	arch=arm64
	(modules_read "$dir/list") >"$dir/entries" 2>"$dir/err" || fail "'$1' cannot be read: $(cat "$dir/err")"
	(modules_resolve "$root" "$version" "$dir/entries") >"$dir/files" 2>"$dir/err" || fail "'$1' cannot be resolved: $(cat "$dir/err")"
	same "$(tr '\n' ' ' <"$dir/files")" "$2" "the files of '$1'"
}
resolves 'high # with its friend' 'kernel/net/high.ko kernel/net/low.ko.xz '
resolves 'kernel/net/' 'kernel/net/high.ko kernel/net/low.ko.xz kernel/net/other.ko '
resolves 'inside' ''
resolves '?absent' ''
resolves 'other amd64' ''
resolves 'other arm64' 'kernel/net/other.ko '

refused() {
	printf '%s\n' "$1" >"$dir/list"
	! (modules_read "$dir/list" >"$dir/entries" && modules_resolve "$root" "$version" "$dir/entries") >"$dir/files" 2>"$dir/err" ||
		fail "'$1' is not refused"
	grep -qF -e "$2" "$dir/err" || fail "'$1': '$2' is not in: $(cat "$dir/err")"
}
refused absent 'has no module named: absent'
refused 'a b' 'is not NAME'
refused '/etc/passwd' 'is not NAME'
refused 'kernel/../../' 'is not NAME'
refused '*' 'is not NAME'

resolves high 'kernel/net/high.ko kernel/net/low.ko.xz '
(modules_keep "$root" "$version" "$dir/files") || fail "cannot keep the modules"
same "$(find "$modules" -name '*.ko*' | sed 's,.*/,,' | LC_ALL=C sort | tr '\n' ' ')" 'high.ko low.ko ' "the modules that stay"
modprobe -d "$root" -S "$version" --show-depends high | grep -q '/low.ko' || fail "modules.dep is not up to date"

# The lists of the tree.
# shellcheck disable=SC2034 # modules_read uses it
for arch in arm64 amd64; do
	for list in boot full small; do
		(modules_read "$srcdir/image/rescue/modules-$list") >"$dir/entries" || fail "modules-$list cannot be read"
		[ -z "$(LC_ALL=C sort "$dir/entries" | uniq -d)" ] || fail "modules-$list names twice: $(sort "$dir/entries" | uniq -d)"
	done
done
