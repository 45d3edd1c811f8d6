# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of the collection: ansible-playbook on this machine, with everything that it
# makes in $dir, and a farroot-image that is quick. Source it after tests/lib.sh.
#
#   variables TEXT          adds lines of YAML to the variables of all that follows
#   play ROLE... [-- ARGUMENT...]      runs roles; the output is in $dir/play.out
#   changed N WHAT          the last play changed N tasks, or "some"
#   refuses TEXT ROLE [-- ARGUMENT...] the play fails, and its message has TEXT
#   wrong TEXT JSON         one more set of variables that must be refused with TEXT
#   refuses_all ROLE        tries all of them at once, each as a machine of its own
#   make_small_site         -> $dir/site

# lib.sh sets dir and srcdir.
# shellcheck disable=SC2154,SC2034

need ansible-playbook
collection=$(cd "$srcdir/ansible" && pwd)
mkdir -p "$dir/collections/ansible_collections/farroot" "$dir/home" "$dir/bin"
ln -s "$collection" "$dir/collections/ansible_collections/farroot/rpi"
for fake in farroot farroot-image; do
	ln -s "$(cd "$srcdir/tests/ansible/fake" && pwd)/$fake" "$dir/bin/$fake"
done
PATH=$dir/bin:$PATH
export PATH HOME="$dir/home" PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
export ANSIBLE_COLLECTIONS_PATH="$dir/collections" ANSIBLE_HOME="$dir/home/ansible" ANSIBLE_REMOTE_TMP="$dir/home/tmp" \
	ANSIBLE_LOCAL_TEMP="$dir/home/tmp" ANSIBLE_CONFIG="$dir/ansible.cfg" ANSIBLE_NOCOLOR=1 ANSIBLE_NOCOWS=1 ANSIBLE_PIPELINING=1 \
	ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_DEVEL_WARNING=false ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3

variables() {
	printf '%s\n' "$1" >>"$dir/vars.yml"
}
: >"$dir/vars.yml"
: >"$dir/ansible.cfg"

make_small_site() {
	mkdir -p "$dir/site/common/packages.d" "$dir/site/boot/cmdline.d"
	printf 'arch=arm64\nserial=none\n' >"$dir/site/site.conf"
	echo htop >"$dir/site/common/packages.d/tools"
	echo loglevel=4 >"$dir/site/boot/cmdline.d/site"
}

# run_playbook ARGUMENT...: sets $status.
run_playbook() {
	status=0
	timeout "$(slack 300)" ansible-playbook "$@" >"$dir/play.out" 2>&1 </dev/null || status=$?
	[ -n "${may_trace-}" ] || ! grep -q -e 'Traceback' -e 'this is probably a bug' -e 'DEPRECATION' "$dir/play.out" || fail "ansible: $(cat "$dir/play.out")"
}

write_playbook() {
	{
		echo '- hosts: localhost'
		echo '  connection: local'
		echo '  gather_facts: false'
		echo '  roles:'
		while [ $# -gt 0 ] && [ "$1" != -- ]; do
			echo "    - farroot.rpi.$1"
			shift
		done
	} >"$dir/playbook.yml"
}

try_play() {
	write_playbook "$@"
	while [ $# -gt 0 ]; do
		word=$1
		shift
		[ "$word" != -- ] || break
	done
	run_playbook -i localhost, -e "@$dir/vars.yml" "$@" "$dir/playbook.yml"
}

play() {
	try_play "$@"
	[ "$status" = 0 ] || fail "ansible-playbook ended with $status: $(cat "$dir/play.out")"
}

# changed N|some WHAT
changed() {
	count=$(sed -n 's/^localhost .* changed=\([0-9]*\) .*/\1/p' "$dir/play.out" | tail -n 1)
	case $1 in
	some) [ "${count:-0}" -gt 0 ] || fail "$2: nothing has changed: $(cat "$dir/play.out")" ;;
	*) [ "$count" = "$1" ] || fail "$2: changed=$count, must be $1: $(grep -B 3 '^changed' "$dir/play.out")" ;;
	esac
}

# refuses TEXT ROLE [-- ARGUMENT...]
refuses() {
	text=$1
	shift
	try_play "$@"
	[ "$status" != 0 ] || fail "no failure, must be '$text'"
	tr -s ' \n' ' ' <"$dir/play.out" | grep -qF -e "$text" || fail "the message has no '$text': $(cat "$dir/play.out")"
}

# wrong TEXT JSON
wrong() {
	case_number=$((${case_number:-0} + 1))
	printf '%s\n' "$1" >"$dir/case.$case_number"
	printf '    case%d: %s\n' "$case_number" "$2" >>"$dir/cases"
}

# refuses_all ROLE: in one run, which is quicker.
refuses_all() {
	{
		printf 'all:\n  vars:\n    ansible_connection: local\n'
		sed 's/^/    /' "$dir/vars.yml"
		printf '  hosts:\n'
		cat "$dir/cases"
	} >"$dir/cases.yml"
	printf -- '- hosts: all\n  gather_facts: false\n  roles: [farroot.rpi.%s]\n' "$1" >"$dir/playbook.yml"
	run_playbook -i "$dir/cases.yml" "$dir/playbook.yml"
	while [ "$case_number" -gt 0 ]; do
		sed -n -e "/^\(fatal\|failed\): \[case$case_number\]/,/^$/p" "$dir/play.out" | tr -s ' \n' ' ' >"$dir/case.out"
		grep -qF -e "$(cat "$dir/case.$case_number")" "$dir/case.out" ||
			fail "$1: no failure with '$(cat "$dir/case.$case_number")': $(cat "$dir/case.out" "$dir/play.out")"
		case_number=$((case_number - 1))
	done
	rm "$dir/cases"
}

said() {
	grep -qF -e "$1" "$dir/play.out" || fail "the output has no '$1': $(cat "$dir/play.out")"
}

# tree FOLDER: what is there, with contents, to compare.
tree() {
	[ ! -e "$1" ] || find "$1" \( -type f -exec sha256sum {} + \) -o -printf '%p %y %l\n' | LC_ALL=C sort
}
