# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of farroot unlock and farroot run, on the machine of an administrator: asks a
# machine in its rescue system for a one-time key, checks who has signed it, seals a message
# to it, and reads the answer.  By ssh, or through a mailbox on a web server.
# shellcheck shell=dash

reach_command=${0##*/}
# shellcheck source-path=SCRIPTDIR source=sealed.sh
. "${0%/*}/sealed.sh"
# shellcheck source-path=SCRIPTDIR source=ed25519.sh
. "${0%/*}/ed25519.sh"
# shellcheck source-path=SCRIPTDIR source=signed.sh
. "${0%/*}/signed.sh"

reach_die() {
	echo "farroot $reach_command: $*" >&2
	exit 1
}

reach_usage_error() {
	echo "farroot $reach_command: $*" >&2
	echo "Try 'farroot $reach_command --help'." >&2
	exit 2
}

reach_say() {
	echo "farroot $reach_command: $*" >&2
}

# shellcheck disable=SC2034 # for unlock and run
reach_options='  --name NAME       the machine'\''s name in known_hosts; default: HOST, or the
                    last part of URL, which is the serial number
  --fingerprint FP  the fingerprint SHA256:... that the console shows
  --signers FILE    accept these host keys (ALLOWED SIGNERS in ssh-keygen(1))
  --key FILE        your ssh key; default: ~/.ssh/id_ed25519, id_ecdsa,
                    id_rsa, or the first one of ssh-agent
  --login FILE      its first line is USER:PASSWORD, for URL
  --cainfo FILE     trust these certificates, for URL
  --wait SECONDS    wait for an answer in the mailbox this long (3600)'

# reach_option OPTION VALUE: fails if it is none of these.
reach_option() {
	case $1 in
	--name | --fingerprint | --signers | --key | --login | --cainfo | --wait) ;;
	-*) reach_usage_error "$1: unknown option" ;;
	*) return 1 ;;
	esac
	[ -n "${2-}" ] || reach_usage_error "$1 needs a value"
	case $1 in
	--name) reach_name=$2 ;;
	--fingerprint)
		case $2 in
		SHA256:*) reach_fingerprint=$2 ;;
		*) reach_usage_error "--fingerprint $2: must begin with SHA256:" ;;
		esac
		;;
	--signers)
		[ -r "$2" ] || reach_usage_error "--signers $2: cannot be read"
		reach_signers=$2
		;;
	--key)
		[ -r "$2" ] || reach_usage_error "--key $2: cannot be read"
		reach_key=$2
		;;
	--login) reach_login=$2 ;;
	--cainfo) reach_cainfo=$2 ;;
	--wait)
		case $2 in
		*[!0-9]*) reach_usage_error "--wait $2: not a number of seconds" ;;
		esac
		reach_wait=$2
		;;
	esac
}

# reach_begin HOST|URL
reach_begin() {
	reach_target=${1%/}
	for reach_program in ssh ssh-keygen openssl base64 xxd; do
		command -v "$reach_program" >/dev/null || reach_die "$reach_program is missing; install openssh-client, openssl, coreutils and xxd"
	done
	case $reach_target in
	http://*/* | https://*/*) : "${reach_name:=${reach_target##*/}}" ;;
	*://*) reach_usage_error "$reach_target: must be a host of ssh, or a URL such as https://example.org/mailbox/9ffefdef" ;;
	-*) reach_usage_error "$reach_target: unknown option" ;;
	esac
	reach_work=$(mktemp -d "${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/farroot.XXXXXX") || exit
	# shellcheck disable=SC2034 # for signed.sh
	signed_folder=$reach_work
	trap 'stty echo 2>/dev/null </dev/tty; rm -rf "$reach_work"' EXIT
	trap 'exit 130' INT TERM HUP
	reach_choose_key
}

reach_choose_key() {
	[ -z "${reach_key-}" ] || return 0
	for reach_key in ~/.ssh/id_ed25519 ~/.ssh/id_ecdsa ~/.ssh/id_rsa; do
		[ ! -r "$reach_key" ] || return 0
	done
	reach_key=$reach_work/agent.pub
	ssh-add -L 2>/dev/null | head -n 1 >"$reach_key"
	ssh-keygen -l -f "$reach_key" >/dev/null 2>&1 ||
		reach_die "no ssh key to sign with: neither in ~/.ssh nor in ssh-agent; give --key FILE"
}

reach_is_url() {
	case $reach_target in
	http://* | https://*) ;;
	*) return 1 ;;
	esac
}

# reach_web get|put NAME
reach_web() {
	set -- "$1" "$reach_target/$2"
	[ -z "${reach_login-}" ] || set -- "$@" "--login=$reach_login"
	[ -z "${reach_cainfo-}" ] || set -- "$@" "--cainfo=$reach_cainfo"
	"${FARROOT:-farroot}" http "$@"
}

# --- the announcement --------------------------------------------------------

# reach_announcement: sets reach_serial, reach_digest, reach_disks and what else it says, after all
# of it is checked.
reach_announcement() {
	if reach_is_url; then
		reach_web get announcement >"$reach_work/announcement" ||
			reach_die "$reach_target/announcement: not there; is it farroot.mailbox=URL/SERIAL, and is the machine in its rescue system?"
	else
		ssh -- "$reach_target" farroot mailbox show </dev/null | head -c 65536 >"$reach_work/announcement"
		[ -s "$reach_work/announcement" ] ||
			reach_die "$reach_target: farroot mailbox show failed; is the machine in its rescue system?"
	fi
	# What an attacker wrote must not reach the terminal as it is.
	! LC_ALL=C grep -q '[^[:print:]]' "$reach_work/announcement" ||
		reach_die "the announcement has control characters: REFUSED"
	signed_split "$reach_work/announcement" "$reach_work/text" "$reach_work/signature" ||
		reach_die "the announcement is not signed: REFUSED"
	reach_text=$(cat "$reach_work/text")
	# shellcheck disable=SC2034 # for unlock and run
	{
		sealed_is announcement "$reach_text" &&
			reach_serial=$(sealed_field serial "$reach_text") && reach_digest=$(sealed_field key "$reach_text") &&
			reach_host_key=$(sealed_field host-key "$reach_text") && reach_ephemeral=$(sealed_field ephemeral "$reach_text") &&
			reach_commands=$(sealed_field commands "$reach_text") && reach_openssh=$(sealed_field openssh "$reach_text") &&
			reach_disks=$(sealed_field disks "$reach_text") &&
			sealed_field certificate "$reach_text" | base64 -d >"$reach_work/certificate.der" 2>/dev/null
	} || reach_die "the announcement is not of this version, or cut off: REFUSED"
	[ "$(sealed_digest <"$reach_work/certificate.der")" = "$reach_digest" ] ||
		reach_die "the announcement's key does not match its digest: REFUSED"
	reach_trust
	signed_check "$reach_work/signers" machine farroot-announcement "$reach_work/signature" <"$reach_work/text" ||
		reach_die "the signature of the announcement is wrong: REFUSED; a server on the way has changed it"
	! reach_is_url || [ "$reach_serial" = "${reach_target##*/}" ] ||
		reach_die "the announcement is of the machine $reach_serial, not of ${reach_target##*/}: REFUSED"
	case "$reach_openssh:$(ssh-keygen -l -f "$reach_key" 2>/dev/null)" in
	no:*'(ED25519)') ;;
	no:*) reach_die "$reach_key: the small flavour checks signatures of Ed25519 keys alone; give --key with such a key of its authorized_keys" ;;
	esac
}

# reach_trust: writes the file of signers with the host key that the announcement names, if that is
# known, or its fingerprint is confirmed.
reach_trust() {
	printf '%s\n' "$reach_host_key" >"$reach_work/host-key"
	reach_seen=$(ssh-keygen -l -f "$reach_work/host-key" 2>/dev/null | cut -d ' ' -f 2)
	[ -n "$reach_seen" ] || reach_die "the announcement has no host key: REFUSED"
	reach_known_keys >"$reach_work/known"
	! grep -qxF -e "revoked $reach_host_key" "$reach_work/known" ||
		reach_die "the host key $reach_seen is revoked in known_hosts: REFUSED"
	signed_line machine farroot-announcement,farroot-answer "$reach_host_key" >"$reach_work/signers"
	if [ -n "${reach_fingerprint-}" ]; then
		[ "$reach_fingerprint" = "$reach_seen" ] ||
			reach_die "the announcement is signed by the host key $reach_seen, not by $reach_fingerprint: REFUSED"
	elif [ -n "${reach_signers-}" ]; then
		# With its principals as that file has them; the name of the machine is one.
		ssh-keygen -Y verify -q -f "$reach_signers" -I "$reach_name" -n farroot-announcement -s "$reach_work/signature" \
			<"$reach_work/text" >/dev/null 2>&1 || reach_die "no key for $reach_name in $reach_signers has signed the announcement: REFUSED"
		[ "$reach_ephemeral" = no ] || reach_ask "The host key of $reach_name was made for this boot only."
	elif grep -qxF -e "$reach_host_key" "$reach_work/known"; then
		[ "$reach_ephemeral" = no ] || reach_ask "The host key of $reach_name was made for this boot only."
	elif [ -s "$reach_work/known" ] && [ "$reach_ephemeral" = no ]; then
		reach_die "the host key $reach_seen is not the one of $reach_name in known_hosts: REFUSED; if the machine has a new key, compare the fingerprint with its console, and remove the old one: ssh-keygen -R $reach_name"
	elif [ "$reach_ephemeral" = no ]; then
		reach_ask "The host key of $reach_name is not in known_hosts."
	else
		reach_ask "The host key of $reach_name was made for this boot only, and is not in known_hosts."
	fi
}

# The keys that ssh knows under this name, each on a line.
reach_known_keys() {
	ssh -G -- "${reach_name:-$reach_target}" >"$reach_work/ssh" 2>/dev/null || return
	reach_alias=$(sed -n 's/^hostkeyalias //p' "$reach_work/ssh")
	if [ -z "$reach_alias" ]; then
		reach_alias=$(sed -n 's/^hostname //p' "$reach_work/ssh")
		reach_port=$(sed -n 's/^port //p' "$reach_work/ssh")
		[ "$reach_port" = 22 ] || reach_alias="[$reach_alias]:$reach_port"
	fi
	: "${reach_name:=$reach_alias}"
	sed -n 's/^\(user\|global\)knownhostsfile //p' "$reach_work/ssh" | tr ' ' '\n' | sed "s,^~,$HOME," |
		while IFS= read -r reach_file; do
			# Authorities do not count.
			ssh-keygen -F "$reach_alias" -f "$reach_file" 2>/dev/null | awk '
				/^@revoked / { print "revoked", $3, $4 }
				!/^[#@]/ { print $2, $3 }'
		done
	echo "$reach_alias" >"$reach_work/name"
}

# reach_ask REASON: the fingerprint as the administrator reads it elsewhere.
reach_ask() {
	reach_say "$1"
	if ! (exec </dev/tty) 2>/dev/null; then
		reach_die "compare the fingerprint with the console, and give it: --fingerprint SHA256:..."
	fi
	printf 'Type the fingerprint that the console of the machine shows (SHA256:...): ' >/dev/tty
	IFS= read -r reach_typed </dev/tty || exit
	[ "$reach_typed" = "$reach_seen" ] || reach_die "the announcement is signed by another key, $reach_seen: REFUSED"
}

# --- the message -------------------------------------------------------------

# reach_message PURPOSE DEVICE BODY: signs and seals it, into the file message.  BODY is not an
# argument of any process.
reach_message() {
	[ -e "$reach_work/reply/key.pem" ] || sealed_make_key "$reach_work/reply" || exit
	reach_text="farroot-message 1
purpose=$1
serial=$reach_serial
key=$reach_digest
time=$(date +%s)
device=$2
reply=$(base64 -w 0 <"$reach_work/reply/certificate.der")

$3"
	# Not in a pipe: ssh-keygen may ask for the passphrase of the key.
	reach_signature=$(printf '%s\n' "$reach_text" | signed_make "$reach_key" farroot-message)
	[ -n "$reach_signature" ] || reach_die "$reach_key: cannot sign"
	printf '%s\n%s\n' "$reach_text" "$reach_signature" | sealed_seal "$reach_work/certificate.der" >"$reach_work/message"
	[ -s "$reach_work/message" ] || reach_die "openssl cms: cannot seal the message"
	reach_sent=$(sealed_digest <"$reach_work/message")
}

# reach_send PURPOSE DEVICE BODY: until the machine has taken the message, then until it is done.
# Prints what the machine printed.  Returns its exit status.
reach_send() {
	if ! reach_is_url; then
		reach_message "$@"
		ssh -- "$reach_target" farroot mailbox take <"$reach_work/message" | head -c 65536 >"$reach_work/answer"
		{ reach_read_answer && [ "$reach_of" = this ]; } ||
			reach_die "the answer is not signed by the machine, or cut off: REFUSED; look whether it has done it"
		reach_end
		return
	fi
	reach_tries=0
	while true; do
		reach_message "$@"
		reach_leave
		case $?:$1 in
		0:*) break ;;
		2:run) reach_die "$reach_serial has a new key and gives no answer: it has started again, or a server hides the answer; look whether it has run the command before you send it again" ;;
		esac
		reach_tries=$((reach_tries + 1))
		[ "$reach_tries" -lt 5 ] || reach_die "$reach_target: other messages took the place of this one 5 times; who else can write there?"
		reach_say "the key is used up; the message is sent again, to the new one"
		reach_wait_for_key
		reach_announcement
	done
	reach_end
}

# reach_leave: leaves the message in the mailbox and waits for its answer.  Returns 1 if the machine has
# signed that the one-time key was used by another message, so that this one never counts; 2 if there
# is a new key, and no such answer.
reach_leave() {
	reach_slot=$(printf '%.16s' "$reach_digest")
	reach_put_message
	reach_say "the message is in the mailbox; waiting for $reach_serial"
	reach_state='' reach_moved=0 reach_last=
	reach_until=$(($(date +%s) + reach_wait))
	reach_pause=${REACH_PAUSE:-2}
	while [ "$(date +%s)" -lt "$reach_until" ]; do
		if reach_web get "$reach_slot.answer" >"$reach_work/answer" 2>/dev/null && reach_read_answer; then
			case $reach_of:$reach_state in
			this:taken) ;;
			this:*) return 0 ;;
			other:refused) reach_put_again ;;
			other:*) return 1 ;;
			esac
		elif [ "$reach_state" != taken ] && reach_has_moved; then
			return 2
		fi
		sleep "$reach_pause"
		[ "${REACH_PAUSE-}" ] || [ "$reach_pause" -ge 15 ] || reach_pause=$((reach_pause + 2))
	done
	reach_die "$reach_target: no answer after $reach_wait s. If the machine has not taken the message, it still can, until it takes another one or starts again"
}

reach_put_message() {
	reach_web put "$reach_slot.message" <"$reach_work/message" || reach_die "$reach_target: the message cannot be left there"
}

# Something that was refused may lie where the message was.  The same message counts once, however
# often it is left there.
reach_put_again() {
	reach_state=
	reach_other=$(sealed_digest <"$reach_work/answer")
	[ "$reach_other" != "$reach_last" ] || return 0
	reach_last=$reach_other
	reach_put_message
}

# Whether the announcement is of another key by now.
reach_has_new_key() {
	reach_web get announcement >"$reach_work/newer" 2>/dev/null && ! grep -qxF "key=$reach_digest" "$reach_work/newer"
}

# On a slow link the machine needs time to publish it.
reach_wait_for_key() {
	until reach_has_new_key; do
		[ "$(date +%s)" -lt "$reach_until" ] || reach_die "$reach_target: no announcement of a new key after $reach_wait s"
		sleep "${REACH_PAUSE:-2}"
	done
}

# The server may have an old announcement for some time.
reach_has_moved() {
	reach_has_new_key || return
	reach_moved=$((reach_moved + 1))
	[ $reach_moved -ge 5 ]
}

# reach_read_answer: sets reach_state, reach_status, reach_reason, and whether it is of "this" message
# or of another one to the same key.  Fails if it is neither, or not signed by the machine.
reach_read_answer() {
	signed_split "$reach_work/answer" "$reach_work/text" "$reach_work/signature" &&
		signed_check "$reach_work/signers" machine farroot-answer "$reach_work/signature" <"$reach_work/text" || return
	! LC_ALL=C grep -q '[^[:print:]]' "$reach_work/text" || return
	reach_text=$(cat "$reach_work/text")
	sealed_is answer "$reach_text" && [ "$(sealed_field serial "$reach_text")" = "$reach_serial" ] &&
		[ "$(sealed_field key "$reach_text")" = "$reach_digest" ] || return
	reach_of=other
	[ "$(sealed_field message "$reach_text")" != "$reach_sent" ] || reach_of=this
	reach_state=$(sealed_field state "$reach_text") && reach_status=$(sealed_field status "$reach_text") &&
		reach_reason=$(sealed_field reason "$reach_text")
}

# reach_end: prints the output; a terminal shows what is printable of it.
reach_end() {
	case $reach_state in
	done | failed)
		if [ -t 1 ]; then
			sealed_body "$reach_text" | base64 -d | sealed_open "$reach_work/reply" | LC_ALL=C tr -cd '[:print:]\n\t\200-\377'
		else
			sealed_body "$reach_text" | base64 -d | sealed_open "$reach_work/reply"
		fi
		return "$reach_status"
		;;
	refused) reach_die "$reach_serial has refused the message: $reach_reason" ;;
	*) reach_die "$reach_serial: an answer of another version: $reach_state" ;;
	esac
}
