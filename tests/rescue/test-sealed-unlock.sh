#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot unlock, by ssh and through a mailbox, with both flavours: the passphrase reaches what opens
# the disk, and neither a file nor the arguments or the environment of any process.  An
# announcement by an unknown host key needs the fingerprint.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need nginx
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
# shellcheck disable=SC2016 # as it is
passphrase='a b\c"$HOME'\''%s é `x` -----BEGIN'
printf '%s\n' "$passphrase" >"$dir/full/passphrase"
printf '%s\n' "$passphrase" >"$dir/small/passphrase"

# leaks: where the passphrase is that it must not be.
leaks() {
	grep -rlF -e "$passphrase" "$dir" | grep -v -x -e "$dir/[a-z]*/passphrase" -e "$dir/[a-z]*/opened"
	grep -F -e "$passphrase" "$dir/$1/seen-by-all"
}

opens() {
	rm -f "$dir/$1/opened"
	admin unlock "$2" ${3+"$3"} <"$dir/$1/passphrase"
	succeeded "unlock $2"
	same "$(cat "$dir/$1/opened")" "boot-local ${3:-/dev/mmcblk0p2} $passphrase" "what $1 opens"
	grep -qx "opened ${3:-/dev/mmcblk0p2}" "$dir/out" || fail "its output: $(cat "$dir/out")"
	[ -z "$(leaks "$1")" ] || fail "the passphrase leaks: $(leaks "$1")"
}

# By ssh.  Without a known host key, the fingerprint decides.
admin unlock full <"$dir/full/passphrase"
refused 'give it: --fingerprint SHA256:'
admin unlock --fingerprint "$(reach_fingerprint small)" full <"$dir/full/passphrase"
refused ": REFUSED"
[ ! -e "$dir/full/opened" ] || fail "it was opened"
admin unlock --fingerprint "$(reach_fingerprint full)" full <"$dir/full/passphrase"
succeeded "unlock with the fingerprint"
for machine in full small; do
	reach_knows $machine $machine
	opens $machine $machine
	opens $machine $machine UUID=1-2
done
grep -q "mailbox: unlock, by a message that the key $(ssh-keygen -l -f "$HOME/.ssh/id_ed25519" | cut -d ' ' -f 2) has signed" "$dir/small/log" ||
	fail "the log: $(cat "$dir/small/log")"

# A key of this boot alone needs the fingerprint, though ssh knows it.
: >"$dir/full/state/ephemeral"
admin unlock full <"$dir/full/passphrase"
refused 'made for this boot only'
admin unlock --fingerprint "$(reach_fingerprint full)" full <"$dir/full/passphrase"
succeeded "unlock with the fingerprint"
rm "$dir/full/state/ephemeral"

# A key that the administrator has revoked, in spite of its fingerprint.
cp "$HOME/.ssh/known_hosts" "$dir/known_hosts"
echo "@revoked * $(cat "$dir/full/public")" >>"$HOME/.ssh/known_hosts"
admin unlock --fingerprint "$(reach_fingerprint full)" full <"$dir/full/passphrase"
refused 'is revoked in known_hosts: REFUSED'
mv "$dir/known_hosts" "$HOME/.ssh/known_hosts"

# A wrong passphrase is the machine's own refusal; two disks need a choice.
echo wrong >"$dir/wrong"
admin unlock full <"$dir/wrong"
same "$status" 2 "the status of a wrong passphrase"
grep -q 'No key available' "$dir/out" || fail "its output: $(cat "$dir/out")"
echo '/dev/sda3 crypto_LUKS' >>"$dir/full/disks"
admin unlock full <"$dir/full/passphrase"
refused 'say which DEVICE; encrypted are: /dev/mmcblk0p2 /dev/sda3'
admin unlock --open full /dev/sda3 <"$dir/full/passphrase"
succeeded "unlock --open"
same "$(tail -n 1 "$dir/full/opened")" "open-disk /dev/sda3 $passphrase" "what --open does"
sed -i 2d "$dir/full/disks"

# An administrator whose key may log in to the machine only to do one thing, or not at all.
mv "$dir/full/system/etc/farroot/authorized_keys" "$dir/keys"
sed 's/^/restrict,command="true" /' "$dir/keys" >"$dir/full/system/etc/farroot/authorized_keys"
admin unlock full <"$dir/full/passphrase"
refused "not signed by a key of this machine's authorized_keys"
mv "$dir/keys" "$dir/full/system/etc/farroot/authorized_keys"
ssh-keygen -q -t ed25519 -N '' -f "$dir/stranger"
ssh-keygen -q -t rsa -b 2048 -N '' -f "$dir/rsa"
for machine in full small; do
	rm "$dir/$machine/opened"
	admin unlock --key "$dir/stranger" $machine <"$dir/full/passphrase"
	refused "not signed by a key of this machine's authorized_keys"
	cat "$dir/rsa.pub" >>"$dir/$machine/system/etc/farroot/authorized_keys"
	[ ! -e "$dir/$machine/opened" ] || fail "it was opened"
done
admin unlock --key "$dir/rsa" full <"$dir/full/passphrase"
succeeded "unlock with an RSA key"
admin unlock --key "$dir/rsa" small <"$dir/full/passphrase"
refused 'signatures of Ed25519 keys alone'

# Through the mailbox, whose clock and that of the machine are wrong.
for when in 0 2147483648; do
	printf '#!/bin/sh\ncase $* in +%%s) echo %s ;; *) exec /bin/date -d @%s "$@" ;; esac\n' $when $when >"$dir/date.$when"
done
install -m 755 "$dir/date.0" "$dir/programs/date"
rm "$dir/busybox/date"
install -m 755 "$dir/date.2147483648" "$dir/busybox/date"
reach_mailbox 1 full small
# shellcheck disable=SC2154 # set by reach_mailbox
wait_until 10 "an announcement" test -s "$reach_www/9ffefdef/announcement"
wait_until 10 "an announcement" test -s "$reach_www/1badcafe/announcement"
rm "$dir/programs/date"
admin unlock "$mailbox/9ffefdef" <"$dir/full/passphrase"
refused 'not in known_hosts'
reach_knows full 9ffefdef
opens full "$mailbox/9ffefdef"
opens full "$mailbox/9ffefdef" /dev/sdb1
admin unlock --name small "$mailbox/1badcafe" <"$dir/full/passphrase"
succeeded "unlock --name"
reach_knows small 1badcafe
opens small "$mailbox/1badcafe/"
# A message of its own each time.
same "$(find "$reach_www/9ffefdef" -name '*.message' | wc -l)" 2 "messages"
# Another system takes over.
: >"$dir/full/state/handed-over"
# shellcheck disable=SC2154 # set by reach_mailbox
wait_until 10 "the mailbox of full ends" is_gone "$poll_full"
[ -z "$(find "$dir/full/state/mailbox" -name key.pem)" ] || fail "a one-time key outlives the rescue system"
for log in "$dir"/*/poll.log; do
	[ ! -s "$log" ] || fail "messages on standard error: $(cat "$log")"
done
