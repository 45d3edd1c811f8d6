# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image eeprom: writes and checks the configuration of the boot loader in a Pi's
# EEPROM, and reads EEPROM images.  It writes to no EEPROM.
# summary:   eeprom    write or check the configuration of a Pi's boot loader
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034
parts_use boot-common site boot-config boot-layout hosts host-values boot-sign eeprom-check eeprom-config eeprom-image

eeprom_usage() {
	cat <<'EOT'
Usage: farroot-image eeprom SITE --case http|tftp|static [OPTION]... -o FILE
       farroot-image eeprom --config BOOT.CONF --base EEPROM.BIN -o FILE
       farroot-image eeprom --check BOOT.CONF
       farroot-image eeprom --read EEPROM.BIN -o DIR
Writes the configuration of the boot loader of a headless Pi; with --base an EEPROM
image, by Raspberry Pi's rpi-eeprom-config. Checks it for what would leave a remote
Pi unreachable. Reads bootconf.txt, pubkey.bin and others out of an EEPROM image.

  --case CASE            how the Pi boots first: http, tftp, static (no DHCP)
  --order LIST           all boot modes in their order, of sd, emmc, usb, usb2, nvme,
                         http and tftp; it begins again after the last
  --http-host HOST       name or IPv4 address of the web server
  --http-port PORT       default: 80
  --http-path PATH       the folder of boot.img; default: net_install
  --ca-hash HEX          SHA-256 of the DER file of --ca-cert
  --tftp-ip ADDRESS      the TFTP server; default: what DHCP says
  --tftp-prefix PREFIX   serial (default), mac, or the name of a folder
  --client-ip ADDRESS    the address of the Pi
  --subnet MASK          such as 255.255.255.0
  --gateway ADDRESS      the router
  --watchdog SECONDS     restart a boot loader that takes longer; default: 1800
  --netconsole TEXT      messages of the boot loader by UDP
  --host SERIAL          add what SITE/hosts/SERIAL and its groups have for the EEPROM
  --eeprom-version DATE  the version that the Pi has or gets; default: 2026-05-17
  --min-boot-ver NUMBER  with --base: the number in rpi-min-boot-ver of the board
  --base EEPROM.BIN      write the configuration into a copy of this image
  --public-key FILE      with --base: the key that boot.img is signed with
  --ca-cert FILE         with --base: the certificate of a CA, in DER form
  -o FILE                what to make
EOT
}

eeprom_options() {
	eeprom_site='' eeprom_case='' eeprom_out='' eeprom_config='' eeprom_base='' eeprom_check_file='' eeprom_read=''
	eeprom_order_list='' eeprom_http_host='' eeprom_http_port='' eeprom_http_path='' eeprom_ca_hash=''
	eeprom_tftp_ip='' eeprom_tftp_prefix='' eeprom_client_ip='' eeprom_subnet='' eeprom_gateway=''
	eeprom_watchdog=1800 eeprom_netconsole='' eeprom_host='' eeprom_version='' eeprom_minimum='' eeprom_public='' eeprom_ca=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			eeprom_usage
			exit
			;;
		-*) boot_option_value eeprom "$@" ;;
		*)
			[ -z "$eeprom_site" ] || boot_usage_error eeprom "$1: one SITE is enough"
			eeprom_site=$1
			shift
			continue
			;;
		esac
		# A line break would be another setting.
		case $2 in
		*'
'*) boot_usage_error eeprom "$1: a value has one line" ;;
		esac
		case $1 in
		--case) eeprom_case=$2 ;;
		--order) eeprom_order_list=$2 ;;
		--http-host) eeprom_http_host=$2 ;;
		--http-port) eeprom_http_port=$2 ;;
		--http-path) eeprom_http_path=$2 ;;
		--ca-hash) eeprom_ca_hash=$2 ;;
		--tftp-ip) eeprom_tftp_ip=$2 ;;
		--tftp-prefix) eeprom_tftp_prefix=$2 ;;
		--client-ip) eeprom_client_ip=$2 ;;
		--subnet) eeprom_subnet=$2 ;;
		--gateway) eeprom_gateway=$2 ;;
		--watchdog) eeprom_watchdog=$2 ;;
		--netconsole) eeprom_netconsole=$2 ;;
		--host) eeprom_host=$2 ;;
		--eeprom-version) eeprom_version=$2 ;;
		--min-boot-ver) eeprom_minimum=$2 ;;
		--config) eeprom_config=$2 ;;
		--base) eeprom_base=$2 ;;
		--public-key) eeprom_public=$2 ;;
		--ca-cert) eeprom_ca=$2 ;;
		--check) eeprom_check_file=$2 ;;
		--read) eeprom_read=$2 ;;
		-o) eeprom_out=${2%/} ;;
		*) boot_usage_error eeprom "$1: no such option" ;;
		esac
		shift 2
	done
}

# What is asked for: exactly one of SITE, --config, --check and --read.
eeprom_check_options() {
	eeprom_tasks=${eeprom_site:+1}${eeprom_config:+1}${eeprom_check_file:+1}${eeprom_read:+1}
	[ -n "$eeprom_tasks" ] || boot_usage_error eeprom "SITE is missing, or --config, --check or --read"
	[ "$eeprom_tasks" = 1 ] || boot_usage_error eeprom "give one of SITE, --config, --check and --read"
	[ -n "$eeprom_out" ] || [ -n "$eeprom_check_file" ] || boot_usage_error eeprom "-o is missing"
	[ -z "$eeprom_config" ] || [ -n "$eeprom_base" ] || boot_usage_error eeprom "--config needs --base"
	[ -z "$eeprom_public$eeprom_ca" ] || [ -n "$eeprom_base" ] ||
		boot_usage_error eeprom "--public-key and --ca-cert need --base"
	[ -z "$eeprom_minimum" ] || [ -n "$eeprom_base" ] || boot_usage_error eeprom "--min-boot-ver needs --base"
	case $eeprom_minimum in
	*[!0-9]* | ??????*) boot_usage_error eeprom "--min-boot-ver $eeprom_minimum: must be a number" ;;
	esac
	case $eeprom_host in
	*[!0-9A-Fa-f]*) boot_usage_error eeprom "--host $eeprom_host: must be a serial number, as in /proc/cpuinfo" ;;
	esac
	[ -z "$eeprom_host" ] || [ -n "$eeprom_site" ] || boot_usage_error eeprom "--host needs SITE"
	[ -z "$eeprom_site" ] || [ -n "$eeprom_case" ] || boot_usage_error eeprom "--case is missing: http, tftp or static"
	[ -z "$eeprom_out" ] || [ -d "$(dirname "$eeprom_out")" ] || die "$(dirname "$eeprom_out"): no such folder; make it first"
}

# The configuration to use, checked, at $boot_temp/boot.conf.
eeprom_prepare() {
	if [ -n "$eeprom_config" ]; then
		boot_need_file "$eeprom_config" "a configuration of the boot loader"
		boot_copy "$eeprom_config" "$boot_temp/boot.conf"
	else
		site_open "$eeprom_site"
		[ -z "$eeprom_host" ] || eeprom_open_host "$eeprom_host"
		eeprom_case_defaults
		eeprom_version=${eeprom_version:-$eeprom_version_default}
		eeprom_write "$boot_temp/boot.conf"
	fi
	eeprom_check "$boot_temp/boot.conf" "${eeprom_config:-$eeprom_out}" ||
		die "${eeprom_config:-$eeprom_out}: not written, since the Pi could become unreachable; see above"
	[ -z "$eeprom_version" ] || eeprom_check_version "$eeprom_version" "$eeprom_order"
}

eeprom_make_image() {
	boot_need_file "$eeprom_base" "an EEPROM image such as pieeprom-$eeprom_version_default.bin"
	eeprom_sections "$eeprom_base" >"$boot_temp/sections"
	[ -s "$boot_temp/sections" ] || die "$eeprom_base: has no files in it; is it an EEPROM image of a Pi 4?"
	eeprom_date=$(eeprom_build_date "$eeprom_base")
	if [ -n "$eeprom_date" ]; then
		eeprom_check_version "$eeprom_date" "$eeprom_order"
	else
		say "note: $eeprom_base does not say which version it is"
	fi
	eeprom_check_minimum "$eeprom_minimum" "$eeprom_base"
	[ -z "$eeprom_public" ] || sign_check_public "$eeprom_public"
	[ -z "$eeprom_ca" ] || eeprom_check_ca "$eeprom_ca" "$boot_temp/boot.conf"
	case $eeprom_order in
	*7*)
		[ -n "$eeprom_public" ] || eeprom_image_has_key "$eeprom_base" ||
			die "$eeprom_base: has no public key, and HTTP boot from your server needs one; add --public-key FILE"
		;;
	esac
	eeprom_image_make "$boot_temp/boot.conf" "$eeprom_base" "$eeprom_public" "$eeprom_ca" "$boot_temp/new"
}

eeprom_read_image() {
	boot_need_file "$eeprom_read" "an EEPROM image of a Pi 4"
	{ [ ! -e "$eeprom_out" ] && [ ! -L "$eeprom_out" ]; } || die "$eeprom_out: exists; name a new folder"
	boot_temp "$(dirname "$eeprom_out")"
	mkdir -m 700 "$boot_temp/new"
	eeprom_sections "$eeprom_read" >"$boot_temp/sections"
	for eeprom_name in bootconf.txt bootconf.sig pubkey.bin cacert.der; do
		eeprom_file "$eeprom_read" $eeprom_name "$boot_temp/new/$eeprom_name" || continue
		# Space for a file that is not there yet.
		[ -n "$(tr -d '\0\377' <"$boot_temp/new/$eeprom_name" | head -c 1 | xxd -p)" ] || rm "$boot_temp/new/$eeprom_name"
	done
	[ -e "$boot_temp/new/bootconf.txt" ] || die "$eeprom_read: has no bootconf.txt; is it an EEPROM image of a Pi 4?"
	echo "boot loader of $(eeprom_build_date "$eeprom_read")"
	if [ -e "$boot_temp/new/pubkey.bin" ] && eeprom_key_pem "$boot_temp/new/pubkey.bin" "$boot_temp/new/public.pem"; then
		echo "public key: $(sha256sum "$boot_temp/new/public.pem" | cut -d ' ' -f 1) (SHA-256 of public.pem)"
	else
		echo "public key: none"
	fi
	mv "$boot_temp/new" "$eeprom_out" || die "$eeprom_out: cannot be made"
}

cmd_eeprom() {
	eeprom_options "$@"
	eeprom_check_options
	boot_environment
	if [ -n "$eeprom_check_file" ]; then
		boot_need_file "$eeprom_check_file" "a configuration of the boot loader"
		eeprom_check "$eeprom_check_file" "$eeprom_check_file" || exit 1
		[ -z "$eeprom_version" ] || eeprom_check_version "$eeprom_version" "$eeprom_order"
		echo "$eeprom_check_file: $eeprom_size bytes of $eeprom_config_limit, no error"
		return
	fi
	boot_need openssl openssl
	boot_need xxd xxd
	if [ -n "$eeprom_read" ]; then
		eeprom_read_image
		return
	fi
	[ ! -d "$eeprom_out" ] || die "$eeprom_out: is a folder; -o names the file to make"
	boot_temp "$(dirname "$eeprom_out")"
	eeprom_prepare
	if [ -n "$eeprom_base" ]; then
		eeprom_make_image
	else
		mv "$boot_temp/boot.conf" "$boot_temp/new"
	fi
	# A [farroot] section may have the host keys of a machine.
	! grep -aq '^\[farroot\]' "$boot_temp/new" || chmod 600 "$boot_temp/new"
	mv "$boot_temp/new" "$eeprom_out" || die "$eeprom_out: cannot be written"
}
