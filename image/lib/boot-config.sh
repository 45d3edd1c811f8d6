# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# config.txt, which the firmware reads, and cmdline.txt, the kernel's arguments.  The site
# adds to both: the files in config.txt.d and cmdline.d of its folders common, rescue and
# boot, in this order, and of the groups for which boot.img is made; for one machine host-tree.sh adds those of its groups and its own.
# Any machine can download boot.img, so secrets are refused.
# shellcheck shell=dash

# site_dir is set by site.sh, boot_temp by boot-common.sh.
# shellcheck disable=SC2154

# The firmware ignores the rest of a longer line.
config_line_limit=98
# The kernel takes 2,048 bytes, and the firmware adds about 500 of its own.
cmdline_limit=1500
# Seconds, for a kernel that hangs before the initramfs feeds the watchdog.  The firmware starts it
# with the kernel, and gives the same number to the kernel as watchdog.open_timeout=.
config_kernel_watchdog=60
# Where a secret would be, for messages.
config_place=boot.img

# config_site_files NAME.d: the site's files, one a line.  Of groups/ those of --group only, and
# none of hosts/: boot.img is for all machines.
config_site_files() {
	for config_part in common rescue boot $site_extra; do
		config_files_in "$site_dir/$config_part/$1"
	done
}

# config_files_in FOLDER: its files, one a line, without the copies that an editor leaves.
config_files_in() {
	for config_file in "$1"/*; do
		case $config_file in
		*'~') ;;
		*) [ ! -f "$config_file" ] || printf '%s\n' "$config_file" ;;
		esac
	done
}

# config_write TREE KERNEL-KIND: TREE/config.txt for the files that are in TREE, cmdline.txt too.
config_write() {
	config_initramfs=initrd
	[ ! -e "$1/rescue.cpio" ] || config_initramfs=initrd,rescue.cpio
	{
		cat <<-END
			[all]
			arm_64bit=1
			kernel=kernel8.img
			initramfs $config_initramfs followkernel
			enable_uart=1
		END
		! config_feeds_watchdog "$1" || echo "kernel_watchdog_timeout=$config_kernel_watchdog"
		if [ "$2" = debian ]; then
			echo upstream_kernel=1
		else
			# An update of the EEPROM by flashrom needs these (SPI pins of the EEPROM).
			printf '%s\n' '[pi4]' dtparam=spi=on dtoverlay=audremap dtoverlay=spi-gpio40-45
		fi
		# The CM4 has no USB 3 controller.
		printf '%s\n' '[cm4]' otg_mode=1 '[all]'
	} >"$1/config.txt" || die "$1: cannot be written; is the disk full?"
	config_site_files config.txt.d >"$boot_temp/config-files" || die "$boot_temp: cannot be written; is the disk full?"
	config_add <"$boot_temp/config-files" >>"$1/config.txt"
}

# config_feeds_watchdog TREE: by TREE/cmdline.txt.  Another kind of boot would be reset after these
# seconds.  The initramfs of boot=farroot feeds the watchdog, or stops it if farroot.watchdog=no.
config_feeds_watchdog() {
	! tr ' ' '\n' <"$1/cmdline.txt" | grep '^boot=' | grep -qvx 'boot=farroot'
}

# config_add: the files whose names are on standard input, for the end of a config.txt.
config_add() {
	while IFS= read -r config_file; do
		config_check "$config_file"
		echo "# ${config_file#"$site_dir/"}"
		cat "$config_file"
		# Also after a last line without an end.
		printf '\n[all]\n'
	done
}

config_check() {
	[ -r "$1" ] || die "$1: cannot be read"
	config_line=$(awk -v limit=$config_line_limit 'length($0) > limit { print NR; exit }' "$1")
	[ -z "$config_line" ] || die "$1:$config_line: longer than $config_line_limit characters; the firmware ignores the rest of the line"
	! grep -q "$(printf '\r')" "$1" || die "$1: has the line ends of Windows; convert it: sed -i 's/\\r\$//' FILE"
	config_line=$(sed -n '/^[[:space:]]*include[[:space:]]/=' "$1" | head -n 1)
	[ -z "$config_line" ] || die "$1:$config_line: include: the boot loader in the EEPROM does not know it; write the lines here"
	config_line=$(sed -n '/^[[:space:]]*\(os_prefix\|overlay_prefix\)=/=' "$1" | head -n 1)
	[ -z "$config_line" ] || die "$1:$config_line: os_prefix and overlay_prefix: all files of boot.img lie where the firmware looks without them"
	config_refuse_secrets "$1"
}

# config_refuse_secrets FILE: refuses a word that looks like a secret.  The message does not
# show its value.  A value +/FILE is a file of the running system, and no secret.
config_refuse_secrets() {
	config_secret=$(sed 's/^[[:space:]]*#.*//' "$1" | tr -s '[:space:]' '\n' | awk '
		{ word = tolower($0) }
		{ key = word; sub(/=.*/, "", key); value = substr(word, length(key) + 2) }
		word !~ /=/ { key = "" }
		value ~ /^\+\// || key ~ /[-_]file$/ { next }
		key ~ /(passw(or)?d|passphrase|userpwd|secret|token|api[-_]?key|private[-_]?key|psk|cookie|credential|rootpw|userpw)s?$/ || key ~ /(^|[._-])(pass|pwd|pw)$/ { print "the value of " key "="; exit }
		value ~ /(^|[="])(authorization|proxy-authorization|cookie|x-api-key|x-auth[a-z-]*):?/ { print "the header in " key "="; exit }
		word ~ /:\/\/[^\/@]*:[^\/@]*@/ { print "the password in a URL"; exit }
		word ~ /\$(1|2[aby]|5|6|y|7|argon2[a-z]*)\$/ { print "the hash of a password"; exit }
		word == "bearer" || value ~ /bearer$/ { print "the header in " key "="; exit }
		word ~ /-----begin/ { print "a key"; exit }')
	[ -z "$config_secret" ] ||
		die "$1: $config_secret would be in $config_place, which any machine can download; put it into the EEPROM's [farroot] section or on a local disk"
}

# cmdline_words: those of the files whose names are on standard input, one word per line or
# more.
cmdline_words() {
	while IFS= read -r config_file; do
		[ -r "$config_file" ] || die "$config_file: cannot be read"
		config_refuse_secrets "$config_file"
		! grep -q '[^[:print:][:space:]]' "$config_file" ||
			die "$config_file: has characters that are not ASCII; the kernel's arguments are ASCII"
		# A # inside of a word is part of a URL.
		sed -e 's/^[[:space:]]*#.*//' -e 's/[[:space:]]#.*//' "$config_file" || return
		# After a last line without an end.
		echo || return
	done
}

# cmdline_check WORDS: that the kernel takes them.
cmdline_check() {
	[ ${#1} -le $cmdline_limit ] ||
		die "$site_dir: the files in cmdline.d have ${#1} characters; the limit is $cmdline_limit, since the kernel takes 2048 with those that the firmware adds"
}

# cmdline_write TREE KERNEL-KIND: TREE/cmdline.txt, one line.
cmdline_write() {
	config_site_files cmdline.d >"$boot_temp/cmdline-files" || die "$boot_temp: cannot be written; is the disk full?"
	cmdline_words <"$boot_temp/cmdline-files" >"$boot_temp/cmdline" || die "$boot_temp: cannot be written; is the disk full?"
	cmdline_words=$(tr -s '[:space:]' ' ' <"$boot_temp/cmdline" | sed -e 's/^ //' -e 's/ $//')
	case " $cmdline_words " in
	*' console='*) ;;
	*) cmdline_words="$(cmdline_consoles "$2")${cmdline_words:+ $cmdline_words}" ;;
	esac
	# An image without an instruction is a rescue system.
	case " $cmdline_words " in
	*' boot='*) ;;
	*) cmdline_words="$cmdline_words boot=farroot" ;;
	esac
	case " $cmdline_words " in
	*' farroot='*) ;;
	*' boot=farroot '*) cmdline_words="$cmdline_words farroot=rescue" ;;
	esac
	cmdline_check "$cmdline_words"
	# echo of dash would change a backslash.
	printf '%s\n' "$cmdline_words" >"$1/cmdline.txt" || die "$1: cannot be written; is the disk full?"
}

# The last one is /dev/console.  The firmware replaces serial0 by ttyS0 or ttyAMA0, whichever
# is on the pins; on a Debian kernel the UART of the pins is ttyS1.
cmdline_consoles() {
	case $1 in
	debian) echo console=tty0 console=ttyS1,115200 ;;
	*) echo console=tty1 console=serial0,115200 ;;
	esac
}
