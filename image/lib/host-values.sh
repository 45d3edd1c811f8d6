# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# device.conf: the arguments of one machine, or of a group, for the rescue system and the
# boot: address, hostname, image, what to do after a time-out.  A wrong one is found here,
# since on the machine it would cost a journey.  initramfs/rescue/gather-arguments reads them.
# shellcheck shell=dash

# site_dir is set by site.sh.
# shellcheck disable=SC2154

# The names: those of the rescue system and of scripts/farroot, then the parameters of the
# plugin that a kernel argument may set, as farroot.NAME.
values_names='farroot ip panic roothash vlan
farroot.commands farroot.config farroot.config-groups farroot.config-number farroot.config-pause farroot.config-wait
farroot.host-certificate farroot.host-key farroot.hostname farroot.mailbox farroot.mailbox-pause farroot.mirror farroot.netconsole farroot.ntp farroot.overlay farroot.qr farroot.rescue-after
farroot.syslog farroot.tang farroot.tools farroot.tunnel farroot.tunnel-host-key farroot.tunnel-port farroot.wireguard farroot.wireguard-address
farroot.wireguard-allowed'
values_parameters='budget budget-stops cache cainfo capath connect-timeout connections cookie cookie-file
cookiefile decompress fill followlocation hash-tree header header-file http-version interface ipresolve outage partition password
password-file profile protocols proxy proxy-password proxy-user rate resolve retry-max size
ssl-cipher-list ssl-version sslverify stall tcp-keepalive tcp-nodelay tls13-ciphers unix-socket-path
user user-agent verify'

# values_check FILE: dies at the first line that is wrong; nothing if there is no such file.
values_check() {
	[ -e "$1" ] || return 0
	[ -r "$1" ] || die "$1: cannot be read"
	values_found=$(LC_ALL=C awk -v names="$values_names" -v parameters="$values_parameters" "$values_program" "$1")
	[ -z "$values_found" ] || die "$1:$values_found"
	(
		# For boot-config.sh.
		# shellcheck disable=SC2034
		config_place='the TFTP tree'
		config_refuse_secrets "$1"
	) || exit
}

# shellcheck disable=SC2016 # awk
values_program='
	function wrong(text) {
		print NR ": " key "=: " text
		exit
	}
	function is_ip4(text, part, n, i) {
		n = split(text, part, ".")
		for (i = 1; i <= n; i++)
			if (part[i] !~ /^[0-9]+$/ || part[i] + 0 > 255)
				return 0
		return n == 4
	}
	# 255.255.254.0: only ones, then only zeros.
	function is_mask(text, part, i, zeros) {
		if (!is_ip4(text))
			return 0
		split(text, part, ".")
		for (i = 1; i <= 4; i++) {
			if (part[i] !~ /^(0|128|192|224|240|248|252|254|255)$/ || zeros && part[i] > 0)
				return 0
			zeros = zeros || part[i] < 255
		}
		return part[1] > 0
	}
	# ADDRESS:PEER:GATEWAY:NETMASK:HOST:INTERFACE:METHOD:DNS:DNS, as the kernel has it.
	function check_ip(value, field, n, i) {
		if (value ~ /^(any|auto6|bootp|both|dhcp|none|off|on|rarp)$/)
			return
		if (value ~ /^\[/) {
			if (value !~ /^\[[0-9A-Fa-f:.]+\](:([^:\[]*|\[[0-9A-Fa-f:.]*\]))*$/)
				wrong("not a form such as [2001:db8::7]::[2001:db8::1]:64:::off")
			return
		}
		n = split(value, field, ":")
		if (!is_ip4(field[1]))
			wrong("must be dhcp, auto6, none, or begin with an address such as 192.0.2.7 or [2001:db8::7]")
		for (i = 2; i <= 9; i++)
			if (field[i] != "" && (i < 4 || i > 7) && !is_ip4(field[i]))
				wrong(field[i] " is no IPv4 address")
		if (field[4] != "" && !is_mask(field[4]))
			wrong(field[4] " is no netmask such as 255.255.255.0")
		if (n > 9 || field[6] !~ /^[A-Za-z0-9._-]*$/ || field[7] !~ /^(off|none|)$/)
			wrong("not a form such as 192.0.2.7::192.0.2.1:255.255.255.0:::off:192.0.2.2")
	}
	BEGIN {
		n = split(names, list, /[ \n]+/)
		for (i = 1; i <= n; i++)
			known[list[i]]
		n = split(parameters, list, /[ \n]+/)
		for (i = 1; i <= n; i++)
			known["farroot." list[i]]
	}
	/^[ \t]*(#.*)?$/ { next }
	{
		key = $0
		sub(/=.*/, "", key)
		value = substr($0, length(key) + 2)
	}
	/[^ -~\t]/ { print NR ": has characters that are not ASCII, or the line ends of Windows"; exit }
	!/^[a-z][a-z0-9.-]*=./ { print NR ": \"" key "\" is not NAME=VALUE; one argument per line"; exit }
	key ~ /^(host-key|password|mailbox-login|tunnel-key|wireguard-key)$/ {
		wrong("TFTP gives this file to any machine that asks; put it under [farroot] into a file of eeprom.d")
	}
	key == "farroot.watchdog" { wrong("is read before this file; put it into a file of cmdline.d") }
	!(key in known) {
		wrong("no such argument; farroot-boot(7) has those of farroot; other arguments of the kernel go to a file of cmdline.d")
	}
	/"/ { wrong("without quotes: all of the line is the value") }
	key == "ip" { check_ip(value) }
	key == "vlan" && value !~ /^[A-Za-z0-9._-]*[0-9]:[A-Za-z0-9_-]+$/ { wrong("must be NAME:PARENT, such as eth0.5:eth0") }
	key == "farroot" && value !~ /^(rescue|https?:\/\/[^\/ ][^ ]*|\/dev\/.+)$/ {
		wrong("must be rescue, a URL, or a device such as /dev/sda")
	}
	key == "farroot.config-groups" && value !~ /^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$/ { wrong("must be names of groups, with commas between them") }
	key == "farroot.tunnel" && value !~ /^[A-Za-z0-9_.-]+@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[1-9][0-9]*)?$/ { wrong("must be USER@HOST or USER@HOST:PORT") }
	key == "farroot.tunnel-host-key" && value !~ /^ssh-ed25519 AAAA[A-Za-z0-9+\/=]+$/ { wrong("must be a public host key: ssh-ed25519 AAAA...") }
	key == "farroot.tunnel-port" && (value !~ /^[1-9][0-9]*$/ || value > 65535) { wrong("must be a port of the server, 1 to 65535") }
	key == "farroot.wireguard" && value !~ /^[A-Za-z0-9+\/]+=@.+:[1-9][0-9]*$/ { wrong("must be PUBLICKEY@HOST:PORT") }
	key ~ /^farroot\.wireguard-(address|allowed)$/ && value !~ /^[0-9A-Fa-f.:]+\/[1-9][0-9]*(,[0-9A-Fa-f.:]+\/[1-9][0-9]*)*$/ {
		wrong("must be ADDRESS/PREFIX, with commas between them, and no prefix of 0")
	}
	key == "farroot.syslog" && value !~ /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[1-9][0-9]*)?$/ { wrong("must be HOST or HOST:PORT; an IPv6 address is in brackets") }
	key == "farroot.netconsole" && value !~ /^(\[[0-9A-Fa-f:.]+\]|[0-9.]+)(:[1-9][0-9]*)?$/ { wrong("must be ADDRESS or ADDRESS:PORT; an IPv6 address is in brackets") }
	key == "farroot.host-key" && value != "otp" { wrong("must be otp") }
	key ~ /^farroot\.(commands|qr|tang)$/ && value !~ /^(yes|no)$/ { wrong("must be yes or no") }
	key ~ /^farroot\.(mirror|mailbox|config|tools)$/ && value !~ /^https?:\/\/[^\/ ][^ ]*$/ { wrong("must be a URL") }
	key == "roothash" && (value !~ /^[0-9A-Fa-f]+$/ || length(value) != 64) { wrong("must be 64 hex digits, as farroot pack prints them") }
	key == "farroot.hostname" && (value !~ /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/ || length(value) > 63) {
		wrong("must be the name of a host: letters, digits, - and ., at most 63")
	}
	(key == "farroot.rescue-after" || key == "farroot.mailbox-pause" || key ~ /^farroot\.config-(number|pause|wait)$/ || key == "panic") && value !~ /^[0-9]+$/ { wrong("must be a number of seconds") }
'

# values_merge FILE...: the arguments in FILEs, one per line; those of a later FILE count
# more, and an image in it (farroot=) replaces the image of FILEs before with its servers.
# The rule is that of initramfs/rescue/gather-arguments.
values_merge() {
	# awk would read standard input.
	[ $# -gt 0 ] || return 0
	awk '
		FILENAME != file { file = FILENAME; layer++ }
		/^[ \t]*(#.*)?$/ { next }
		/^farroot=/ { image = layer }
		{ text[++count] = $0; from[count] = layer; last[$0] = count }
		END {
			for (i = 1; i <= count; i++)
				if (last[text[i]] == i && (from[i] >= image ||
					text[i] !~ /^(farroot|farroot\.(mirror|profile|verify)|roothash)=/))
					print text[i]
		}' "$@"
}
