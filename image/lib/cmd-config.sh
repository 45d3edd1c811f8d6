# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image config: signed configurations of machines and groups, for any web server: a
# machine asks for them (farroot.config=), verifies them and takes none that is older than the last.
# summary:   config    sign the configuration of single machines and groups
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034
parts_use boot-common site boot-config boot-layout hosts host-values config-sign

config_usage() {
	cat <<'EOT'
Usage: farroot-image config SITE -o OUT --key KEY [OPTION]...
       farroot-image config --public --key KEY
Writes OUT/SERIAL.conf for each machine in SITE/hosts, and OUT/group-NAME.conf for
each group, from device.conf there, signed. What did not change stays as it is.
The second form prints the public key, for SITE/config.pub: farroot-image rescue
puts it into the image.

  -o OUT      the folder for the result
  --key KEY   an Ed25519 key (openssl genpkey -algorithm ed25519 -out KEY)
  --number N  the number of what has changed; it must rise each time; default:
              the seconds since 1970
  --public    print the public key
EOT
}

config_options() {
	config_site='' config_out='' config_private='' config_new='' config_is_public=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			config_usage
			exit
			;;
		--public) config_is_public=yes ;;
		-o | --key | --number)
			boot_option_value config "$@"
			case $1 in
			-o) config_out=${2%/} ;;
			--key) config_private=$2 ;;
			--number) config_new=$2 ;;
			esac
			shift
			;;
		-*) boot_usage_error config "$1: no such option" ;;
		*)
			[ -z "$config_site" ] || boot_usage_error config "$1: one SITE is enough"
			config_site=$1
			;;
		esac
		shift
	done
	[ -n "$config_private" ] || boot_usage_error config "--key KEY is missing"
	[ -z "$config_is_public" ] || return 0
	[ -n "$config_site" ] || boot_usage_error config "SITE is missing"
	[ -n "$config_out" ] || boot_usage_error config "-o OUT is missing"
	config_new=${config_new:-$(date +%s)}
	case $config_new in
	0* | *[!0-9]* | ????????????????*) boot_usage_error config "--number $config_new: must be a number of 1 to 15 digits" ;;
	esac
}

# What a machine needs to get its configuration is not in it; config-poll ignores these, too.
config_values() {
	grep -v -E '^(ip|vlan|farroot\.config[a-z-]*)=' || :
}

# config_make NAME <VALUES: OUT/NAME.conf, unless it says the same already.
config_make() {
	config_values >"$boot_temp/values"
	config_old=$(sed -n '5s/^number=\([1-9][0-9]*\)$/\1/p' "$config_out/$1.conf" 2>/dev/null || :)
	config_write "$1" "${config_old:-$config_new}"
	! cmp -s "$boot_temp/new" "$config_out/$1.conf" || return 0
	[ -z "$config_old" ] || [ "$config_new" -gt "$config_old" ] ||
		die "$config_out/$1.conf: has the number $config_old, and machines would refuse the number $config_new; give a larger one"
	config_write "$1" "$config_new"
	mv "$boot_temp/new" "$config_out/$1.conf" || die "$config_out/$1.conf: cannot be written"
	echo "$config_out/$1.conf: number $config_new"
}

config_write() {
	{
		printf '%s\n' 'farroot-config 1' "name=$1" "number=$2"
		cat "$boot_temp/values"
	} >"$boot_temp/message"
	config_sign "$config_private" "$boot_temp/message" "$boot_temp/new"
	chmod 644 "$boot_temp/new"
}

# One of a machine or a group that is gone stays where it is served: it is refused by no machine.
config_say_gone() {
	for config_path in "$config_out"/*.conf; do
		[ -e "$config_path" ] || continue
		config_name=${config_path##*/}
		config_name=${config_name%.conf}
		case " $config_names " in
		*" $config_name "*) ;;
		*) say "$config_path: is of no machine and no group of the site any more; delete it if you want" ;;
		esac
	done
}

cmd_config() {
	config_options "$@"
	boot_environment
	boot_need openssl openssl
	boot_need xxd xxd
	boot_temp_anywhere
	config_key "$config_private"
	if [ -n "$config_is_public" ]; then
		config_lines 'config.pub' "$config_public"
		return
	fi
	site_open "$config_site"
	hosts_open
	[ ! -e "$site_dir/config.pub" ] || config_check_public "$site_dir/config.pub"
	mkdir -p "$config_out" || die "$config_out: cannot be made"
	[ -w "$config_out" ] || die "$config_out: cannot be written"
	config_names=
	for config_path in "$site_dir"/groups/*/device.conf; do
		[ -e "$config_path" ] || continue
		config_name=${config_path%/device.conf}
		config_name=group-${config_name##*/}
		config_names="$config_names $config_name"
		values_merge "$config_path" | config_make "$config_name"
	done
	for config_word in $hosts; do
		hosts_read "${config_word#*:}"
		config_names="$config_names $hosts_serial"
		hosts_values | config_make "$hosts_serial"
	done
	[ -n "$config_names" ] || say "$site_dir: neither a machine in hosts/ nor a group with a device.conf; nothing is signed"
	config_say_gone
}
