#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role rendezvous: sshd accepts what it writes, a second run changes nothing, each machine has its
# own port and nothing else, wrong variables and a configuration that sshd refuses are undone.
# tests/rescue/test-tunnel-behind-nat.sh has real tunnels to such a server.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need_root
need sshd ssh-keygen
for n in 1 2; do
	ssh-keygen -q -t ed25519 -N '' -C "machine $n" -f "$dir/key$n"
done
ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
printf 'HostKey %s\nInclude %s\n' "$dir/host" "$dir/farroot.conf" >"$dir/sshd_config"
mkdir -p /run/sshd
# An account that exists as the role makes one: no account is made here.
variables "rendezvous_user: nobody
rendezvous_install: false
rendezvous_manage_service: false
rendezvous_sshd_config: $dir/farroot.conf
rendezvous_keys_file: $dir/keys
rendezvous_sshd_test: [$(command -v sshd), -t, -f, $dir/sshd_config]
rendezvous_machines:
  - {name: 9ffefdef, port: 2201, key: '$(cat "$dir/key1.pub")'}
  - {name: north-hall, port: 2202, key: '$(cat "$dir/key2.pub")'}"

play rendezvous -- --check --diff
changed some "check mode before the first run"
[ ! -e "$dir/farroot.conf" ] || fail "check mode has made a file"
play rendezvous
changed some "the first run"
play rendezvous
changed 0 "the second run"
play rendezvous -- --check --diff
changed 0 "check mode after it"
same "$(grep -v '^#' "$dir/keys")" "restrict,port-forwarding,permitlisten=\"127.0.0.1:2201\",command=\"/bin/false\" $(cut -d ' ' -f 1,2 "$dir/key1.pub") 9ffefdef
restrict,port-forwarding,permitlisten=\"127.0.0.1:2202\",command=\"/bin/false\" $(cut -d ' ' -f 1,2 "$dir/key2.pub") north-hall" "the keys"
"$(command -v sshd)" -T -f "$dir/sshd_config" -C user=nobody,host=x,addr=192.0.2.1 >"$dir/effective" || fail "sshd -T"
for line in 'allowtcpforwarding remote' 'permittty no' 'gatewayports no' 'maxsessions 0' 'forcecommand /bin/false' 'permitopen none' \
	'allowstreamlocalforwarding no' 'permittunnel no' 'x11forwarding no' 'authenticationmethods publickey' "authorizedkeysfile $dir/keys"; do
	grep -qx "$line" "$dir/effective" || fail "no \"$line\" in: $(cat "$dir/effective")"
done
"$(command -v sshd)" -T -f "$dir/sshd_config" -C user=root,host=x,addr=192.0.2.1 | grep -qx 'permittty yes' || fail "other accounts are changed"

# What sshd refuses does not stay.
cp "$dir/farroot.conf" "$dir/before"
refuses 'sshd refuses this configuration' rendezvous -- -e '{"rendezvous_keys_file": "/a \"b"}'
cmp "$dir/before" "$dir/farroot.conf" || fail "the configuration that was refused stays"
[ "$(find "$dir" -name 'farroot.conf*' | wc -l)" = 1 ] || fail "copies are left: $(ls "$dir")"
# Nor is what was right removed when something else is wrong with sshd.
refuses 'sshd refuses this configuration' rendezvous -- -e '{"rendezvous_sshd_test": ["/bin/false"]}'
cmp "$dir/before" "$dir/farroot.conf" || fail "the configuration of before is gone"

key=$(cat "$dir/key1.pub")
wrong 'must be the name of an account' '{"rendezvous_user": "root"}'
wrong 'must be an absolute path' '{"rendezvous_keys_file": "keys"}'
wrong 'a port from 1024' "{\"rendezvous_machines\": [{\"name\": \"a\", \"port\": 22, \"key\": \"$key\"}]}"
wrong 'a public key' '{"rendezvous_machines": [{"name": "a", "port": 2201, "key": "ssh-ed25519 AAAA\ncommand=x"}]}'
wrong 'must have a name' "{\"rendezvous_machines\": [{\"name\": \"a b\", \"port\": 2201, \"key\": \"$key\"}]}"
wrong 'each needs its own' "{\"rendezvous_machines\": [{\"name\": \"a\", \"port\": 2201, \"key\": \"$key\"}, {\"name\": \"b\", \"port\": 2201, \"key\": \"ssh-ed25519 AAAAB\"}]}"
refuses_all rendezvous
