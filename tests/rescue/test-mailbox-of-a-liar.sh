#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A web server, or a client that may write there, lies in the mailbox: another key, an old
# announcement, messages of before, changed and huge files, errors, redirects.  Each side
# refuses it by name, opens nothing, and goes on waiting; then the true message counts.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need nginx
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
reach_machine other 0badf00d
for machine in full small other; do
	echo 'a passphrase' >"$dir/$machine/passphrase"
done
reach_knows full 9ffefdef
reach_knows small 1badcafe
reach_knows other 0badf00d
reach_mailbox 1 full small
# shellcheck disable=SC2154 # set by reach_mailbox
of_full=$reach_www/9ffefdef of_small=$reach_www/1badcafe
wait_until 10 "an announcement" test -s "$of_full/announcement"
wait_until 10 "an announcement" test -s "$of_small/announcement"

# By hand, so that the machine does not renew its own.
stop() {
	eval "end \$poll_$1"
}
again() {
	"$dir/$1/env" mailbox-poll 2>>"$dir/$1/poll.log" &
	remember $!
	eval "poll_$1=$!"
}
slot() {
	sed -n 's/^key=\(.\{16\}\).*/\1/p' "$1/announcement"
}
opened() {
	grep -c '' "$dir/$1/opened" 2>/dev/null || :
}
said() {
	grep -qF -e "$2" "$dir/$1/log"
}
lies() {
	admin unlock --wait 1 "$mailbox/9ffefdef" <"$dir/full/passphrase"
	refused "$1"
}

# --- announcements -----------------------------------------------------------
stop full
cp "$of_full/announcement" "$dir/true"
"$dir/other/env" mailbox show >"$dir/announcement-of-other" || fail "mailbox show"
# All of an attacker's own.
sed 's/^serial=.*/serial=9ffefdef/' "$dir/announcement-of-other" | sed '/^-----BEGIN/,$d' >"$dir/text"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/attacker"
sed -i "s,^host-key=.*,host-key=$(cut -d ' ' -f 1,2 "$dir/attacker.pub")," "$dir/text"
{
	cat "$dir/text"
	ssh-keygen -Y sign -q -f "$dir/attacker" -n farroot-announcement <"$dir/text"
} >"$of_full/announcement"
lies 'is not the one of 9ffefdef in known_hosts: REFUSED'
# The same, said to be of this boot alone: no passphrase without the fingerprint.
sed -i 's/^ephemeral=.*/ephemeral=yes/' "$dir/text"
{
	cat "$dir/text"
	ssh-keygen -Y sign -q -f "$dir/attacker" -n farroot-announcement <"$dir/text"
} >"$of_full/announcement"
lies 'give it: --fingerprint'
# Another machine's, whose host key is known, too.
cp "$dir/announcement-of-other" "$of_full/announcement"
lies ': REFUSED'
admin unlock --name 0badf00d "$mailbox/9ffefdef" <"$dir/full/passphrase"
refused 'is of the machine 0badf00d, not of 9ffefdef: REFUSED'
# The key alone is another one; its digest, too; and what is signed is not what is used.
certificate=$(sed -n 's/^certificate=//p' "$dir/announcement-of-other")
sed "s,^certificate=.*,certificate=$certificate," "$dir/true" >"$of_full/announcement"
lies 'does not match its digest: REFUSED'
sed -i "s,^key=.*,$(grep '^key=' "$dir/announcement-of-other")," "$of_full/announcement"
lies 'the signature of the announcement is wrong: REFUSED'
sed 's/^ephemeral=.*/ephemeral=no\nephemeral=no/' "$dir/true" >"$of_full/announcement"
lies 'REFUSED'
# A signature of the host key that was made for something else.
sed '/^-----BEGIN/,$d' "$dir/true" >"$dir/text"
{
	cat "$dir/text"
	ssh-keygen -Y sign -q -f "$dir/full/host-key" -n farroot-answer <"$dir/text"
} >"$of_full/announcement"
lies 'the signature of the announcement is wrong: REFUSED'
# Cut off, empty, huge, control characters, none.
for bytes in 0 20 400 900; do
	head -c $bytes "$dir/true" >"$of_full/announcement"
	lies 'REFUSED'
done
head -c 70000 /dev/zero | tr '\0' 'a' >"$of_full/announcement"
lies 'not there'
printf 'farroot-announcement 1\n\033[2Jserial=1\n' >"$of_full/announcement"
lies 'control characters: REFUSED'
rm "$of_full/announcement"
lies 'not there'
[ ! -e "$dir/full/opened" ] || fail "it was opened"
! find "$of_full" -name '*.message' | grep -q . || fail "a message was sent"

# --- messages ----------------------------------------------------------------
# The announcement of an earlier boot: the machine cannot open what is sealed to that key.
for name in full small; do
	case $name in
	full) www=$of_full serial=9ffefdef ;;
	*) www=$of_small serial=1badcafe ;;
	esac
	[ $name = full ] || stop $name
	[ $name = full ] || cp "$www/announcement" "$dir/true"
	rm -rf "$dir/$name/state/mailbox"
	cp "$dir/true" "$www/announcement"
	old=$(slot "$www")
	admin unlock --wait 1 "$mailbox/$serial" <"$dir/full/passphrase"
	refused 'no answer after 1 s'
	[ -s "$www/$old.message" ] || fail "no message for the old key"
	again $name
	new_slot() {
		new=$(slot "$www")
		[ "$new" != "$old" ]
	}
	wait_until 10 "a new announcement" new_slot
	cp "$www/$old.message" "$www/$new.message"
	wait_until 10 "the old message is refused" said $name 'a message was refused: not sealed to the one-time key'
	# Refused once, not each time.
	sleep 0.5
	same "$(grep -c 'was refused' "$dir/$name/log")" 1 "messages about it"
	# A true one.
	admin unlock "$mailbox/$serial" <"$dir/full/passphrase"
	succeeded "unlock after a replay"
	same "$(opened $name)" 1 "how many times it was opened"
	# That one again, for the key of its own and for the next one; its answer, too.
	old=$new
	wait_until 10 "a new announcement" new_slot
	cp "$www/$old.message" "$www/$new.message"
	cp "$www/$old.answer" "$www/$new.answer"
	wait_until 10 "the message is refused" grep -q 'state=refused' "$www/$new.answer"
	same "$(opened $name)" 1 "how many times it was opened after a replay"
	# Also by ssh, and when the program starts again.
	"$dir/$name/env" mailbox take <"$www/$old.message" >"$dir/answer"
	grep -q '^state=refused' "$dir/answer" || fail "by ssh: $(cat "$dir/answer")"
	# Changed bytes, garbage, nothing, and huge ones.
	size=$(stat -c %s "$www/$old.message")
	for lie in changed garbage empty huge; do
		case $lie in
		changed) { head -c $((size - 1)) "$www/$old.message" && printf x; } ;;
		garbage) head -c 3000 /dev/urandom ;;
		empty) : ;;
		huge) head -c 1000000 /dev/urandom ;;
		esac >"$www/lie"
		mv "$www/lie" "$www/$new.message"
		[ $lie != huge ] || wait_until 10 "it is too large" said $name 'the answer has more than 65536 bytes'
		[ $lie = huge ] || wait_until 10 "$lie is answered" grep -q "message=$(sha256sum <"$www/$new.message" | cut -d ' ' -f 1)" "$www/$new.answer"
	done
	same "$(opened $name)" 1 "how many times it was opened after garbage"
	admin unlock "$mailbox/$serial" <"$dir/full/passphrase"
	succeeded "unlock after garbage"
	same "$(opened $name)" 2 "how many times it was opened"
done

# A true message of this administrator for another machine, sealed again by the attacker that has
# opened it: the signature is right, the machine is not.
# shellcheck source-path=SCRIPTDIR source=../../initramfs/reach/sealed.sh
. "$reach_scripts/reach/sealed.sh"
ssh-keygen -Y sign -q -f "$HOME/.ssh/id_ed25519" -n farroot-message >"$dir/signature" <<EOF
farroot-message 1
purpose=unlock
serial=0badf00d
key=$(sed -n 's/^key=//p' "$of_full/announcement")
device=
reply=$certificate

a passphrase
EOF
sed -n 's/^certificate=//p' "$of_full/announcement" | base64 -d >"$dir/certificate.der"
{
	printf 'farroot-message 1\npurpose=unlock\nserial=0badf00d\nkey=%s\ndevice=\nreply=%s\n\na passphrase\n' \
		"$(sed -n 's/^key=//p' "$of_full/announcement")" "$certificate"
	cat "$dir/signature"
} | sealed_seal "$dir/certificate.der" >"$of_full/$(slot "$of_full").message"
wait_until 10 "it is refused" said full 'a message was refused: for another machine or another key'

# --- servers -----------------------------------------------------------------
# Errors and redirects: each is said once; the machine goes on.
stop full
# shellcheck disable=SC2016 # of nginx
sed -i 's/dav_methods/if (-f $document_root\/broken) { return 503; } if (-f $document_root\/moved) { return 307 http:\/\/127.0.0.1:1\/; } dav_methods/' "$dir/nginx1.conf"
# shellcheck disable=SC2154 # set by origin_start
kill -HUP "$nginx1"
: >"$dir/www1/broken"
: >"$dir/full/log"
broken() {
	[ "$("$FARROOT" http get "$url1/x" 2>&1)" = 'farroot http: HTTP status 503' ]
}
wait_until 10 "the server is broken" broken
again full
wait_until 10 "the log says it" said full ": HTTP status 503"
mv "$dir/www1/broken" "$dir/www1/moved"
wait_until 10 "the log says it" said full 'no redirect is followed'
sleep 0.5
same "$(wc -l <"$dir/full/log")" 2 "lines in the log"
lies 'not there'
rm "$dir/www1/moved"
admin unlock "$mailbox/9ffefdef" <"$dir/full/passphrase"
succeeded "unlock after errors"

# Two administrators at once: one comes second, and his program sends it again.
cp -r "$HOME" "$dir/second"
for home in "$HOME" "$dir/second"; do
	HOME=$home PATH=$dir/programs:$PATH REACH_PAUSE=0.1 "$FARROOT" unlock "$mailbox/9ffefdef" \
		<"$dir/full/passphrase" >"$home/out" 2>"$home/err" &
	admins="${admins-} $!"
done
n=$(opened full)
for pid in $admins; do
	wait "$pid" || fail "two at once: $(cat "$HOME/err" "$dir/second/err")"
done
same "$(opened full)" $((n + 2)) "how many times it was opened by two"

# On a slow link the new key is published long after the answer to the message before: the administrator's program
# waits for it.
cp "$of_full/announcement" "$dir/old"
admin unlock "$mailbox/9ffefdef" <"$dir/full/passphrase"
succeeded "unlock"
is_announced_anew() {
	! cmp -s "$of_full/announcement" "$dir/old"
}
wait_until 10 "a new announcement" is_announced_anew
stop full
cp "$dir/old" "$of_full/announcement"
n=$(opened full)
PATH=$dir/programs:$PATH REACH_PAUSE=0.1 "$FARROOT" unlock "$mailbox/9ffefdef" <"$dir/full/passphrase" >"$dir/out" 2>"$dir/err" &
late=$!
wait_until 10 "the key is used up" grep -q 'the key is used up' "$dir/err"
sleep 3
kill -0 $late || fail "it has not waited: $(cat "$dir/err")"
again full
wait $late || fail "with a key that comes late: $(cat "$dir/err")"
same "$(opened full)" $((n + 1)) "how many times it was opened with a key that comes late"
