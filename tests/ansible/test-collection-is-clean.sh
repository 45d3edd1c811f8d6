#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The collection passes yamllint and ansible-lint at the production profile, its playbooks
# are right, it can be built and installed, and what is installed is complete.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need ansible-lint yamllint ansible-galaxy ansible-doc

srcdir=$(cd "$srcdir" && pwd)
# A copy, because the tools write into the folder.
cp -R "$collection" "$dir/source"
cd "$dir/source" || fail "no copy"
find . -name __pycache__ -exec rm -r {} +
yamllint -s . >&2 || fail "yamllint"
cp -R . "$dir/copy"
rm "$dir/collections/ansible_collections/farroot/rpi"
mv "$dir/copy" "$dir/collections/ansible_collections/farroot/rpi"
grep -qx 'skip_list: \[\]' .ansible-lint || fail "the rules of ansible-lint are all used"
(cd "$dir/collections/ansible_collections/farroot/rpi" && ansible-lint --offline --strict -q >&2) || fail "ansible-lint"

# What make dist takes.
(cd "$srcdir" && find ansible -type f ! -name Makemodule.am ! -name '*.pyc' | sort) >"$dir/files"
sed -n 's,^\t\(ansible/[^ ]*\).*,\1,p' "$srcdir/ansible/Makemodule.am" | sort >"$dir/listed"
[ -s "$dir/files" ] || fail "where are the files?"
diff "$dir/files" "$dir/listed" >&2 || fail "ansible/Makemodule.am must list each file"

ansible-galaxy collection build --output-path "$dir" >"$dir/galaxy.log" 2>&1 || fail "cannot be built"
# ansible-galaxy installs no collection that the other path has.
ANSIBLE_COLLECTIONS_PATH=$dir/installed
ansible-galaxy collection install --collections-path "$dir/installed" "$dir"/farroot-rpi-*.tar.gz >>"$dir/galaxy.log" 2>&1 ||
	fail "cannot be installed"
installed=$dir/installed/ansible_collections/farroot/rpi
(cd "$dir/source" && find . -type f ! -name galaxy.yml ! -name Makemodule.am ! -name '*.pyc' ! -path './.ansible/*' ! -path './.cache/*' | sort) >"$dir/wanted"
(cd "$installed" && find . -type f ! -name MANIFEST.json ! -name FILES.json | sort) >"$dir/got"
diff "$dir/wanted" "$dir/got" >&2 || fail "files are missing, or are too many"
for path in "$installed"/playbooks/*.yml; do
	playbook=${path##*/}
	run_playbook -i "$installed/examples/inventory" --syntax-check "farroot.rpi.${playbook%.yml}"
	same "$status" 0 "syntax of $playbook: $(cat "$dir/play.out")"
done
for module in eeprom_info eeprom_plan eeprom_write farroot_image no_secrets published_info source_info; do
	ansible-doc -t module "farroot.rpi.$module" >"$dir/doc" 2>&1 || fail "ansible-doc: $(cat "$dir/doc")"
done
for filter in lines config_txt fleet_devices; do
	ansible-doc -t filter "farroot.rpi.$filter" >"$dir/doc" 2>&1 || fail "ansible-doc: $(cat "$dir/doc")"
done
# Versions of ansible-doc print different lists.
ansible-doc -t role -l --json farroot.rpi >"$dir/doc" 2>"$dir/doc.log" || fail "ansible-doc: $(cat "$dir/doc.log")"
for role in "$installed"/roles/*; do
	/usr/bin/python3 -c 'import json, sys
sys.exit(not json.load(open(sys.argv[1]))[sys.argv[2]]["entry_points"]["main"])' "$dir/doc" "farroot.rpi.${role##*/}" ||
		fail "role ${role##*/} has no description: $(cat "$dir/doc")"
done
# Every table of contents has a tag for each of its tasks.
for path in "$installed"/roles/*/tasks/main.yml; do
	same "$(grep -c '^  tags: ' "$path")" "$(grep -c '^- name: ' "$path")" "tasks with tags in $path"
done
# No shell, and no name of a playbook's own user.
! grep -rnE 'ansible\.builtin\.(shell|raw)|ignore_errors' "$installed/roles" "$installed/playbooks" >&2 || fail "see above"
