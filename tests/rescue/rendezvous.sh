# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The far end of tunnels: sshd as the role rendezvous configures it, in a network namespace, with accounts that
# it alone sees.  Sourced by tests/rescue/test-*.sh.
#
#   rendezvous_accounts FOLDER                      makes them
#   rendezvous_config KEYS HOST-KEY [LINE]...       prints a configuration, with these lines in front; KEYS are the
#                                                   tunnels' authorized keys, which every account must be able to read
#   rendezvous_start NETNS FOLDER CONFIG LOG        sets rendezvous, its process
# shellcheck shell=dash

# Of lib.sh or tests/lib.sh.
# shellcheck disable=SC2154
rendezvous_template=${rescue_top:-$srcdir}/ansible/roles/rendezvous/templates/sshd.conf.j2

rendezvous_accounts() {
	mkdir -p /run/sshd "$1"
	{
		grep '^root:' /etc/passwd
		printf 'sshd:x:120:65534::/run/sshd:/usr/sbin/nologin\nfarroot-tunnel:x:995:995::/nonexistent:/usr/sbin/nologin\n'
	} >"$1/passwd"
	printf 'root:*:19000::::::\nsshd:!:19000::::::\nfarroot-tunnel:*:19000::::::\n' >"$1/shadow"
}

rendezvous_config() {
	rendezvous_keys=$1
	echo "HostKey $2"
	shift 2
	printf '%s\n' "$@" 'UsePAM no' 'StrictModes no'
	sed -e '/ansible_managed/d' -e 's/{{ rendezvous_user }}/farroot-tunnel/' -e "s,{{ rendezvous_keys_file }},$rendezvous_keys," "$rendezvous_template"
}

rendezvous_start() {
	# shellcheck disable=SC2016 # for sh
	ip netns exec "$1" sh -c 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow && exec "$1" -D -e -f "$2"' \
		"$2" "$(PATH=$PATH:/usr/sbin command -v sshd)" "$3" 2>>"$4" &
	# shellcheck disable=SC2034 # for the tests
	rendezvous=$!
}
