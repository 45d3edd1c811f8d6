#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A program without its library, a script without its interpreter and a wanted program that
# is missing are named, and a whole tree is not refused.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need readelf
: "${CC:=cc}"
need "$CC"
load_parts site libraries
tree=$dir/tree
triplet=$($CC -dumpmachine)
libs=$tree/usr/lib/$triplet

missing() {
	! libraries_check "$tree" >"$dir/missing" || fail "not noticed: $1"
	grep -qF -e "$1" "$dir/missing" || fail "'$1' is not in: $(cat "$dir/missing")"
}

is_whole() {
	libraries_check "$tree" >"$dir/missing" || fail "refused: $(cat "$dir/missing")"
}

mkdir -p "$libs" "$tree/usr/bin" "$tree/usr/libexec/own" "$dir/build"
ln -s usr/lib "$tree/lib"
ln -s usr/bin "$tree/bin"
echo 'int one(void) { return 1; }' >"$dir/build/one.c"
echo 'int one(void); int main(void) { return one(); }' >"$dir/build/main.c"
$CC -shared -fPIC -nostdlib -Wl,-soname,libone.so.1 -o "$libs/libone.so.1.0" "$dir/build/one.c" || fail "cannot compile"
ln -s libone.so.1.0 "$libs/libone.so.1"
$CC -nostdlib -Wl,-e,main -Wl,--dynamic-linker=/lib/own-loader.so -o "$tree/usr/bin/program" "$dir/build/main.c" "$libs/libone.so.1" || fail "cannot link"
touch "$tree/usr/lib/own-loader.so"
is_whole

rm "$libs/libone.so.1"
missing 'usr/bin/program: its library libone.so.1 is missing'
# A link that leads nowhere, in the tree, is no library, even if this machine has it.
ln -s /usr/lib/nowhere/libone.so.1.0 "$libs/libone.so.1"
missing 'usr/bin/program: its library libone.so.1 is missing'
ln -sf "/usr/lib/$triplet/libone.so.1.0" "$libs/libone.so.1"
is_whole
# In a folder that only ld.so.conf or the program itself names.
mkdir "$tree/opt"
mv "$libs/libone.so.1.0" "$tree/opt/libone.so.1"
rm "$libs/libone.so.1"
missing 'libone.so.1 is missing'
mkdir -p "$tree/etc/ld.so.conf.d"
echo /opt >"$tree/etc/ld.so.conf.d/own.conf"
is_whole
rm "$tree/etc/ld.so.conf.d/own.conf"
# shellcheck disable=SC2016 # for the loader
$CC -nostdlib -Wl,-e,main -Wl,-rpath,'$ORIGIN/../../opt' -Wl,--dynamic-linker=/lib/own-loader.so -o "$tree/usr/bin/program" "$dir/build/main.c" "$tree/opt/libone.so.1" || fail "cannot link"
is_whole
rm "$tree/usr/lib/own-loader.so"
missing 'its loader /lib/own-loader.so is missing'
touch "$tree/usr/lib/own-loader.so"

printf '#!/usr/bin/python3\n' >"$tree/usr/libexec/own/script" && chmod +x "$tree/usr/libexec/own/script"
missing 'usr/libexec/own/script: its interpreter /usr/bin/python3 is missing'
printf '#!/usr/bin/env perl\n' >"$tree/usr/libexec/own/script"
missing 'its interpreter perl is missing'
ln -s program "$tree/usr/bin/sh"
printf '#! /bin/sh -e\n' >"$tree/usr/libexec/own/script"
is_whole
rm -r "$tree/usr/bin/program" "$tree/opt"
missing 'the tree cannot be right'

printf 'sh # a shell\nprogram other\n' >"$dir/programs"
! programs_check "$tree" "$dir/programs" >"$dir/missing" || fail "missing programs are not noticed"
# sh leads to the program, which is gone.
same "$(cat "$dir/missing")" 'sh program other ' "the missing programs"
# A link to a program of another package, which was dropped; and one that leads somewhere.
mkdir -p "$tree/etc/alternatives"
ln -s /etc/alternatives/other "$tree/usr/bin/other"
ln -s /usr/bin/dropped "$tree/etc/alternatives/other"
touch "$tree/usr/bin/tool"
ln -s tool "$tree/usr/bin/program"
! programs_check "$tree" "$dir/programs" >"$dir/missing" || fail "a link to nothing is taken for a program"
same "$(cat "$dir/missing")" 'other ' "the programs whose links lead to nothing"
