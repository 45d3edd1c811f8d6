#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# docs/ansible.md has the table of all variables as argument_specs.yml has them, and these
# have the defaults of defaults/main.yml.
. "${srcdir:-..}/tests/lib.sh"
[ -x /usr/bin/python3 ] || skip "python3 is not installed"
/usr/bin/python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not installed"
table=$srcdir/tests/ansible/variables-table.py
/usr/bin/python3 "$table" "$srcdir/ansible" "$srcdir/docs/ansible.md" >&2 || fail "see above; $table --write writes the table"

# It can fail: a default and a description that are different.
cp -R "$srcdir/ansible" "$dir/ansible"
sed -i 's/^publish_keep: .*/publish_keep: 6/' "$dir/ansible/roles/publish/defaults/main.yml"
! /usr/bin/python3 "$table" "$dir/ansible" "$srcdir/docs/ansible.md" 2>"$dir/out" || fail "another default is not noticed"
grep -q 'publish_keep' "$dir/out" || fail "the message names no variable"
cp "$srcdir/ansible/roles/publish/defaults/main.yml" "$dir/ansible/roles/publish/defaults/main.yml"
sed -i 's/How many versions are kept/How many are kept/' "$dir/ansible/roles/publish/meta/argument_specs.yml"
! /usr/bin/python3 "$table" "$dir/ansible" "$srcdir/docs/ansible.md" 2>"$dir/out" || fail "another description is not noticed"
