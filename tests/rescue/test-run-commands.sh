#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot run: off unless the machine's arguments allow it; then the output and the exit status come
# back, sealed, and each command runs once, whatever a server hides or repeats.  A report comes
# without that, small enough for the mailbox, and without secrets.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need nginx
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
for machine in full small; do
	reach_knows $machine $machine
done
reach_knows full 9ffefdef

# Off.
for value in '' no; do
	echo "farroot.commands=$value" >"$dir/full/state/arguments"
	admin run full "touch $dir/ran"
	refused 'takes no commands: farroot.commands=yes is not among its arguments'
done
# A program that asks nevertheless.
# shellcheck disable=SC2016 # of the script
sed 's/\[ "\$reach_commands" = yes \] ||/true ||/' "$reach_scripts/reach/run" >"$dir/run"
chmod +x "$dir/run"
ln -s "$reach_scripts"/reach/*.sh "$dir/"
PATH=$dir/programs:$PATH "$dir/run" full "touch $dir/ran" >"$dir/out" 2>"$dir/err" && fail "a command ran"
grep -q 'has refused the message: commands are off' "$dir/err" || fail "$(cat "$dir/err")"
[ ! -e "$dir/ran" ] || fail "a command ran"

# A report all the same; of long logs the middle is missing.
has_report() {
	succeeded "run --report"
	[ "$(wc -c <"$dir/out")" -le 32768 ] || fail "$1: the report has $(wc -c <"$dir/out") bytes"
	rm -rf "$dir/report"
	tar -C "$dir" -xzf "$dir/out" || fail "$1: the report is no tar.gz"
	[ -s "$dir/report/kernel" ] || fail "$1: no kernel in it: $(ls "$dir/report")"
	same "$(head -n 1 "$dir/report/sshd" | head -c 9):$(tail -n 1 "$dir/report/sshd")" "the begin:the end" "$1: a long log"
	grep -qE '^\[\.\.\. [0-9]+ bytes are left out here \.\.\.\]$' "$dir/report/sshd" || fail "$1: no word about what is missing"
	grep -qx 'farroot.cookie=...' "$dir/report/device-arguments" || fail "$1: the arguments: $(cat "$dir/report/device-arguments")"
	! grep -r hidden7word "$dir/report" >"$dir/found" || fail "$1: a secret in it: $(cat "$dir/found")"
}
for machine in full small; do
	printf '%s\n' farroot.commands=no 'farroot.cookie=a=hidden7word' >"$dir/$machine/state/arguments"
	{
		echo 'the begin'
		head -c 150000 /dev/urandom | base64 -w 2000
		echo 'the end'
	} >"$dir/$machine/state/sshd.log"
	admin run --report $machine
	has_report $machine
	grep -q 'mailbox: report, by a message' "$dir/$machine/log" || fail "the log: $(cat "$dir/$machine/log")"
done
admin run --report --key "$HOME/.ssh/id_ed25519.pub" full extra
same "$status" 2 "the status with a COMMAND"
ssh-keygen -q -t ed25519 -N '' -f "$dir/stranger"
admin run --report --key "$dir/stranger" full
refused "not signed by a key of this machine's authorized_keys"
# What cannot be made ends with its reason, and nothing on standard output.
sed -i 's/^pack$/most_bytes=1; pack/' "$dir/full/rescue/report"
admin run --report full
refused 'cannot be made as small as 1 bytes'
[ ! -s "$dir/out" ] || fail "standard output: $(cat "$dir/out")"
cp "$reach_scripts/rescue/report" "$dir/full/rescue/report"

# By ssh: several lines, quotes, a status, both outputs; nothing of standard input.
for machine in full small; do
	echo farroot.commands=yes >>"$dir/$machine/state/arguments"
	admin run $machine "echo \"a  'b'\"
cat
echo é >&2
exit 7"
	same "$status" 7 "the status"
	same "$(cat "$dir/out")" "a  'b'
é" "the output"
	grep -q 'mailbox: run, by a message' "$dir/$machine/log" || fail "the log: $(cat "$dir/$machine/log")"
done
admin run full 'head -c 100000 /dev/zero | tr "\0" x; printf end'
same "$status:$(wc -c <"$dir/out"):$(tail -c 5 "$dir/out")" '0:32768:xxend' "the end of a long output"
# A machine that has no root file system does not restart meanwhile.
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
works() {
	# Without the tmux and the logins of this machine.
	farroot_rescue=$dir/full/state
	grep() { return 1; }
	farroot_has_sessions
	works=$?
	unset -f grep
	return $works
}
! works || fail "a command counts as running"
admin run full "until [ -e $dir/go-on ]; do sleep 0.1; done" &
admin=$!
wait_until 20 "the command counts as a session" works
: >"$dir/go-on"
wait $admin
! works || fail "a command that has ended counts as running"
admin run full umask
same "$(cat "$dir/out")" 0022 "the umask of a command"
admin run full true
same "$status:$(cat "$dir/out")" 0: "a command without output"

# Through the mailbox: no text of it is readable there.
reach_mailbox 1 full
# shellcheck disable=SC2154 # set by reach_mailbox
wait_until 10 "an announcement" test -s "$reach_www/9ffefdef/announcement"
# shellcheck disable=SC2154 # set by reach_mailbox
url=$mailbox/9ffefdef
admin run "$url" 'printf "hidden text"; echo >>'"$dir/count"
succeeded "run"
same "$(cat "$dir/out")" 'hidden text' "the output"
! grep -rq -e 'hidden text' -e "$(printf 'hidden text' | base64 | cut -c 1-10)" "$reach_www" || fail "the mailbox shows the output"
same "$(wc -l <"$dir/count")" 1 "how often it ran"
printf '%s\n' farroot.commands=no 'farroot.cookie=a=hidden7word' "farroot.mailbox=$mailbox" >"$dir/full/state/arguments"
# The announcement tells that commands are off.
says_no() {
	grep -q '^commands=no' "$reach_www/9ffefdef/announcement"
}
wait_until 10 "an announcement without commands" says_no
admin run --report "$url"
has_report mailbox
! grep -rqaF "$(base64 -w 0 "$dir/out" | cut -c 1-40)" "$reach_www" || fail "the mailbox shows the report"
sed -i s/commands=no/commands=yes/ "$dir/full/state/arguments"
wait_until 10 "an announcement with commands" grep -q '^commands=yes' "$reach_www/9ffefdef/announcement"

# A server that hides the answer: the command is not sent again.
sed -i 's/dav_methods/location ~ answer$ { return 404; } dav_methods/' "$dir/nginx1.conf"
# shellcheck disable=SC2154 # set by reach_mailbox
kill -HUP "$nginx1"
hides() {
	[ "$("$FARROOT" http put "$url/x.answer" </dev/null 2>&1)" = 'farroot http: HTTP status 404' ]
}
wait_until 10 "the server hides answers" hides
admin run "$url" "echo >>$dir/count"
refused 'look whether it has run the command before you send it again'
# The machine has a new key before it runs the command.
has_run_twice() {
	[ "$(wc -l <"$dir/count")" = 2 ]
}
wait_until 10 "it ran twice" has_run_twice

# Every message that ever was, to a machine that has started again, with the same host key.
# shellcheck disable=SC2154 # set by reach_mailbox
end "$poll_full"
rm -rf "$dir/full/state/mailbox"
sed -i 's/location ~ answer. { return 404; }//' "$dir/nginx1.conf"
kill -HUP "$nginx1"
"$dir/full/env" mailbox-poll &
remember $!
for message in "$reach_www/9ffefdef"/*.message; do
	"$dir/full/env" mailbox take <"$message" >"$dir/answer"
	grep -q '^state=refused' "$dir/answer" || fail "taken twice: $(cat "$dir/answer")"
done
same "$(wc -l <"$dir/count")" 2 "how often it ran"
answers() {
	admin run --wait "$(slack 5)" "$url" true
	[ "$status" = 0 ]
}
wait_until 20 "commands run again" answers
