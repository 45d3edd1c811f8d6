# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Which settings of a configuration file hold a password or a key: lines KEY=VALUE or KEY: VALUE,
# as NetworkManager, wpa_supplicant, hostapd, netplan, cloud-init, shell files and device.conf
# have them.
# shellcheck shell=dash

# settings_secrets TREE KNOWN: for the files whose paths below TREE are on standard input, a line
# "KEY PATH" for each value that is a secret, but not for those that stand as KEY=VALUE in the file KNOWN: the
# key in small letters, the value without quotes.  No secret is the name of a file, of a variable or of a template,
# or a word that says where the password comes from.
settings_secrets() {
	# Few files have a key of that kind.
	# shellcheck disable=SC2016 # awk expands them
	(cd "$1" && tr '\n' '\0' | LC_ALL=C xargs -0r grep -lIZiE \
		-e '(passw|passphrase|pass|pwd|pw|secret|token|key|psk|credential|login|cookie)[0-9a-z_-]*["'\'']?[[:space:]]*[=:]' | LC_ALL=C xargs -0r awk -v quotes="[\"']" '
		function judge(key, value) {
			sub(/^(farroot)[.]/, "", key)
			key = tolower(key)
			if (key !~ /(passw(or)?d|passwort|passphrase|userpwd|secret|token|api[-_]?key|psk|preshared[-_]?key|private[-_]?key|credential|rootpw|userpw)$/ &&
				key !~ /(^|[._-])(pass|pwd|pw)$/ && key !~ /(^|[._-])password-raw$/ && key !~ /^wep[-_]key[0-3]$/ &&
				key !~ /^(host-key|tunnel-key|wireguard-key|mailbox-login|cookie)$/)
				return
			word = tolower(value)
			if (length(value) < 2 || value ~ /^([+]?\/|file:|~\/|\$[A-Za-z0-9_{(]|\140)/ || value ~ /^(@[A-Za-z0-9_-]+@|<[^>]*>|[{][{].*[}][}]|[*x.]+)$/ ||
				word ~ /^(yes|no|true|false|on|off|none|null|ask|prompt|never|always|required|optional|default|auto|enabled|disabled)$/)
				return
			print key "=" value "\t" FILENAME
		}
		{ sub(/\r$/, "") }
		/^[ \t]*[#;]/ { next }
		FILENAME ~ /(^|\/)fstab$/ || FILENAME ~ /[.](mount|automount)$/ {
			count = split($0, words, /[ \t,=]+/)
			for (at = 1; at < count; at++)
				judge(words[at], words[at + 1])
			next
		}
		FILENAME ~ /(^|\/)nsswitch[.]conf$/ { next }
		{
			line = $0
			sub(/^[ \t]*(- +|export +|set +|readonly +)?/, "", line)
			if (!match(line, /^.?[A-Za-z0-9_.-]+.?[ \t]*[=:]/))
				next
			key = substr(line, 1, RLENGTH - 1)
			value = substr(line, RLENGTH + 1)
			gsub(quotes, "", key)
			gsub(/[ \t]+$/, "", key)
			if (key !~ /^[A-Za-z0-9_.-]+$/)
				next
			sub(/(^|[ \t])# .*/, "", value)
			gsub(/^[ \t]+|[ \t,;]+$/, "", value)
			sub("^" quotes, "", value)
			sub(quotes "$", "", value)
			judge(key, value)
		}') | awk '
		FILENAME != "-" { known[$0]; next }
		{ setting = $0; sub(/\t[^\t]*$/, "", setting) }
		!(setting in known) { key = setting; sub(/=.*/, "", key); sub(/^.*\t/, ""); print key " " $0 }' "$2" -
}
