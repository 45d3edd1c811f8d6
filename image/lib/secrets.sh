# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# No secret in any image: any machine that reaches the server can fetch it.  These functions
# unpack every archive in a file and look for private keys, password hashes, tokens,
# random seeds, machine ids and host keys.  What is an archive or a key is decided by its first bytes.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# secrets_check PATH...: files and folders; prints "PATH: what" for each secret, and fails
# if there is any.
secrets_check() {
	secrets_work=$(mktemp -d)
	: >"$secrets_work/found"
	for secrets_path in "$@"; do
		secrets_depth=0
		secrets_check_path "$secrets_path" "$secrets_path"
	done
	LC_ALL=C sort -u "$secrets_work/found" >"$secrets_work/sorted"
	cat "$secrets_work/sorted"
	secrets_status=0
	[ ! -s "$secrets_work/sorted" ] || secrets_status=1
	rm -rf "$secrets_work"
	return $secrets_status
}

# secrets_check_path PATH NAME
secrets_check_path() {
	if [ -d "$1" ]; then
		secrets_check_tree "$1" "$2"
		return
	fi
	secrets_kind=$(archive_kind "$1")
	secrets_unpacked=$secrets_work/unpacked
	case "$secrets_kind" in
	cpio | squashfs | gzip | zstd | xz | bzip2 | lz4 | lzop | lzma)
		secrets_unpack "$secrets_kind" "$1" "$secrets_unpacked" "" ||
			die "$2: cannot be unpacked, so nothing is known about it"
		secrets_check_tree "$secrets_unpacked" "$2"
		;;
	*)
		mkdir -p "$secrets_unpacked"
		cp -L "$1" "$secrets_unpacked/${1##*/}"
		secrets_check_tree "$secrets_unpacked" "${2%"/${1##*/}"}"
		;;
	esac
	rm -rf "$secrets_unpacked"
}

# secrets_unpack KIND FILE FOLDER NAME: an archive; or a compressed file, to FOLDER/1/NAME.  If it
# fails, what could be unpacked is in FOLDER.
secrets_unpack() {
	mkdir -p "$3"
	secrets_to=$3/1
	case "$1" in
	cpio | squashfs)
		(archive_unpack "$2" "$3")
		return
		;;
	esac
	mkdir "$secrets_to"
	case "$1" in
	tar) tar -C "$secrets_to" --no-same-owner -xf "$2" ;;
	zip) unzip -q -o -P '' -d "$secrets_to" "$2" </dev/null ;;
	deb) dpkg-deb -R "$2" "$secrets_to/deb" ;;
	*)
		archive_decompress "$1" <"$2" >"$secrets_to/${4:-content}" 2>/dev/null && return
		# An initramfs may have zeros at its end.
		archive_at=0
		archive_size=$(stat -c %s "$2")
		archive_rest "$2" "$3" || return
		mv "$3/inner" "$secrets_to/${4:-content}"
		rm "$3/log"
		;;
	esac
}

# secrets_tell TREE NAME WHAT: for each path below TREE that is read.  What is in FILE in the tree
# is unpacked to FILE:/1.
secrets_tell() {
	while IFS= read -r secrets_file; do
		secrets_file=${secrets_file#"$1/"}
		echo "$2: $(printf '%s' "${secrets_file#./}" | sed -e 's,^[0-9]*/,,' -e 's,:/[0-9]*/,: ,g' -e 's,^content: ,,'): $3"
	done >>"$secrets_work/found"
}

secrets_check_tree() {
	secrets_find_inner "$1" "$2"
	secrets_find_settings "$1"
	secrets_check_names "$1" "$2"
	secrets_check_accounts "$1" "$2"
	secrets_check_texts "$1" "$2"
	secrets_check_settings "$1" "$2"
	secrets_check_der "$1" "$2"
	secrets_check_inner "$1" "$2"
}

# Files whose names say what they hold.
secrets_check_names() {
	find "$1" -type f -size +0 \( -name 'ssh_host_*_key' -o -name 'ssh_host_*_key.pub' -o -name 'dropbear_*_host_key' \) |
		secrets_tell "$1" "$2" "a host key"
	find "$1" -type f -size +0 \( -name random-seed -o -name '*.rnd' -o -name .rnd -o -name urandom-seed -o -name credential.secret \) |
		secrets_tell "$1" "$2" "a random seed"
	find "$1" -type f -size +0 -name machine-id -exec grep -L -x -e uninitialized {} + |
		secrets_tell "$1" "$2" "a machine id"
	find "$1" -type f -size +0 \( -path '*/etc/nvme/hostnqn' -o -path '*/etc/nvme/hostid' -o -path '*/etc/hostid' -o -path '*/dhcpcd/duid' -o -path '*/dhcpcd/secret' \) |
		secrets_tell "$1" "$2" "an identity of one machine"
	find "$1" -type f -size +0 \( -name '*.p12' -o -name '*.pfx' -o -name '*.keytab' -o -name '*.kdbx' -o -name .netrc -o -name .pgpass \
		-o -name .git-credentials -o -name .htpasswd -o -name '*.ppk' -o -path '*/.aws/credentials' -o -path '*/.docker/config.json' \
		-o -path '*/etc/cryptsetup-keys.d/*' -o -path '*/.gnupg/private-keys-v1.d/*' \) |
		secrets_tell "$1" "$2" "a file for passwords or keys"
	find "$1" -type f -size +0 \( -name id_rsa -o -name id_dsa -o -name id_ecdsa -o -name id_ed25519 -o -name id_ecdsa_sk -o -name id_ed25519_sk \) |
		secrets_tell "$1" "$2" "a private key"
}

# The password field of an account is empty of any hash; root's is exactly *.
secrets_check_accounts() {
	find "$1" -type f \( -name 'shadow' -o -name 'shadow-' -o -name 'gshadow' -o -name 'gshadow-' -o -name 'passwd' -o -name 'passwd-' \) -path '*etc/*' >"$secrets_work/accounts"
	while IFS= read -r secrets_account; do
		awk -F : '$1 != "" && $1 !~ /^[#+-]/ && NF > 2 && $2 !~ /^([*x]|!+[*]?)$/ { bad = 1 }
			END { exit !bad }' "$secrets_account" || continue
		echo "$secrets_account" | secrets_tell "$1" "$2" "an account with a password, or without any need of one"
	done <"$secrets_work/accounts"
}

# secrets_keys: the first line of each private key in standard input.  Programs have the
# first line of a PEM file in them, to recognize keys; only with a second line it is one.
secrets_keys() {
	LC_ALL=C tr '\r' '\n' | LC_ALL=C awk '
		function is_key(text) {
			return text ~ /^(Proc-Type|Comment|Version|DEK-Info)/ ||
				(length(text) >= 16 && text ~ /^[A-Za-z0-9+\/=]*$/)
		}
		after && /^$/ { next }
		after {
			line = $0
			sub(/(\\n|[ \t"\047,]).*/, "", line)
			if (is_key(line))
				print line
			after = 0
		}
		{
			# Several may stand on one line.
			for (rest = $0; match(rest, /BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----(\\n)?[ \t]*/); ) {
				rest = substr(rest, RSTART + RLENGTH)
				line = rest
				sub(/(\\n|[- \t"\047,]).*/, "", line)
				if (is_key(line))
					print substr(line, 1, 64)
				after = rest == ""
			}
		}'
}

# Hashes of passwords, by their forms.
# shellcheck disable=SC2016 # a hash begins with a dollar sign
secrets_hashes() {
	secrets_options=$1
	shift
	LC_ALL=C grep "$secrets_options" -aE \
		-e '\$1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}([^./A-Za-z0-9]|$)' \
		-e '\$5\$(rounds=[0-9]+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}([^./A-Za-z0-9]|$)' \
		-e '\$6\$(rounds=[0-9]+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}([^./A-Za-z0-9]|$)' \
		-e '\$(y|gy|7)\$[./A-Za-z0-9]{2,}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}([^./A-Za-z0-9]|$)' \
		-e '\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}([^./A-Za-z0-9]|$)' \
		-e '\$argon2(i|d|id)\$v=[0-9]+\$m=[0-9]+' -e '\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}' \
		-e '\$pbkdf2(-sha(1|256|512))?\$[0-9]+\$' -e 'grub\.pbkdf2\.sha512\.[0-9]+\.[0-9A-Fa-f]{64}' \
		-e '\{(SMD5|MD5|SSHA|SHA|SSHA256|SHA256|SSHA384|SHA384|SSHA512|SHA512)\}[A-Za-z0-9+/]{22,}={0,2}' \
		-e '^[[:space:]]*psk=[0-9a-f]{64}' -- "$@"
}

# Texts that are secrets wherever they stand; those in rescue/secrets-known are public.
secrets_check_texts() {
	sed -e 's/#.*//' -e '/^$/d' "$image_lib/rescue/secrets-known" >"$secrets_work/known"
	LC_ALL=C grep -rlaE -e '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----' "$1" >"$secrets_work/maybe" || :
	while IFS= read -r secrets_maybe; do
		secrets_keys <"$secrets_maybe" | LC_ALL=C grep -qvxF -f "$secrets_work/known" || continue
		echo "$secrets_maybe"
	done <"$secrets_work/maybe" | secrets_tell "$1" "$2" "a private key"
	# An archive is looked at when it is unpacked: in it, a block that could not be made smaller may
	# have a public hash with another byte behind it.
	secrets_hashes -rl "$1" | LC_ALL=C grep -vxF -f "$secrets_work/inner-paths.$secrets_depth" >"$secrets_work/maybe" || :
	while IFS= read -r secrets_maybe; do
		secrets_hashes -oh "$secrets_maybe" | LC_ALL=C tr -cd '[:print:]\n' | LC_ALL=C grep -qvxF -f "$secrets_work/known" || continue
		echo "$secrets_maybe"
	done <"$secrets_work/maybe" | secrets_tell "$1" "$2" "the hash of a password"
	LC_ALL=C grep -rlaE -e '^AGE-SECRET-KEY-1[A-Z0-9]{50}' -e '^(PrivateKey|PresharedKey) *= *[A-Za-z0-9+/]{43}=' "$1" |
		secrets_tell "$1" "$2" "a private key"
	LC_ALL=C grep -rlaE \
		-e '(^|[^A-Za-z0-9])(AKIA|ASIA)[0-9A-Z]{16}([^A-Za-z0-9]|$)' -e '(^|[^A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36}' \
		-e 'github_pat_[A-Za-z0-9_]{50}' -e '(^|[^A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}' -e '(^|[^A-Za-z0-9])xox[baprs]-[0-9A-Za-z-]{20}' \
		-e '(^|[^A-Za-z0-9])AIza[0-9A-Za-z_-]{35}' -e '(^|[^A-Za-z0-9])tskey-[a-z]+-[A-Za-z0-9]{10}' \
		-e '(^|[^A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}' \
		-e '[Aa]uthorization: *([Bb]earer|[Bb]asic) +[A-Za-z0-9+/._~-]{16,}=*' "$1" |
		secrets_tell "$1" "$2" "a token"
	(cd "$1" && tr '\n' '\0' <"$secrets_work/settings" |
		LC_ALL=C xargs -0r grep -laE -e '^[^#]*[a-z]+://[^/ :@]+:[^/ :@$]+@[A-Za-z0-9.-]+') |
		secrets_tell "$1" "$2" "a URL with a password"
}

# secrets_find_settings TREE: the list of the files that people write settings to.
secrets_find_settings() {
	(cd "$1" && find . -type f -size -64k \( -path '*/etc/*' -o -path '*/root/*' -o -path '*/home/*' -o -path '*/conf/*' \
		-o -path '*/system-connections/*' -o -name device.conf -o -name 'cmdline*' -o -name 'config.txt' \)) >"$secrets_work/settings"
}

# secrets_check_settings TREE NAME: a password in a setting, such as psk="..." or password=....  The
# value is not shown.  secrets-known has those that are public, as KEY=VALUE.
secrets_check_settings() {
	settings_secrets "$1" "$secrets_work/known" <"$secrets_work/settings" | LC_ALL=C sort -u >"$secrets_work/maybe" || :
	while read -r secrets_key secrets_maybe; do
		echo "$secrets_maybe" | secrets_tell "$1" "$2" "the value of $secrets_key="
	done <"$secrets_work/maybe"
}

# Keys without text around them: small files that begin as a key in DER does.  openssl tells
# a key from other data.
secrets_check_der() {
	find "$1" -type f -size +0 -size -9 -print0 >"$secrets_work/small"
	LC_ALL=C xargs -0r grep -laP -e '\A0(\x82..|\x81.|[^\x80-\xff])\x02\x01[\x00\x01]' <"$secrets_work/small" >"$secrets_work/der" || :
	LC_ALL=C xargs -0r grep -laP -e '\A0(\x82..|\x81.|[^\x80-\xff])0.{1,2}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05' \
		<"$secrets_work/small" | secrets_tell "$1" "$2" "a private key" || :
	while IFS= read -r secrets_der; do
		! openssl pkey -inform DER -in "$secrets_der" -noout </dev/null >/dev/null 2>&1 || echo "$secrets_der"
	done <"$secrets_work/der" | secrets_tell "$1" "$2" "a private key"
}

# secrets_find_inner TREE NAME: makes the list inner.DEPTH of the archives and the compressed files in
# the tree, by their first bytes, lines "KIND PATH", and tells of the keys among its files.  Thousands
# of kernel modules are left out.
secrets_find_inner() {
	magic_list "$1" "$secrets_work/kinds" "$secrets_work/sizes" ||
		echo . | secrets_tell "$1" "$2" "a file that cannot be read, or a line break in a name, so nothing is known about it"
	sed -n 's/^key //p' "$secrets_work/kinds" | secrets_tell "$1" "$2" "a private key"
	grep -v -e '^key ' -e '/lib/modules/.*\.ko\.[a-z0-9]*$' "$secrets_work/kinds" >"$secrets_work/inner.$secrets_depth" || :
	sed "s,^[^ ]* ,$(printf '%s' "$1" | sed 's/[&\,]/\\&/g')/," "$secrets_work/inner.$secrets_depth" >"$secrets_work/inner-paths.$secrets_depth"
}

# secrets_check_inner TREE NAME: all archives in the tree are unpacked into one new tree, which is checked as
# this one was.  A file that only begins as an archive does is none; one whose name says that it is an
# archive must be whole.
secrets_check_inner() {
	[ -s "$secrets_work/inner.$secrets_depth" ] || return 0
	secrets_inner=$secrets_work/tree.$secrets_depth
	while read -r secrets_kind secrets_path; do
		case "$secrets_path" in
		*.gz | *.tgz | *.xz | *.txz | *.zst | *.bz2 | *.tbz2 | *.lz4 | *.tar | *.zip | *.deb | *.cpio | *.squashfs | *.sqfs | *.img | initrd* | */initrd* | initramfs* | */initramfs*) secrets_must=yes ;;
		*) secrets_must= ;;
		esac
		case "$secrets_kind" in
		lz4 | lzop | zstd) command -v "$secrets_kind" >/dev/null || secrets_must=yes ;;
		zip) command -v unzip >/dev/null || secrets_must=yes ;;
		deb) command -v dpkg-deb >/dev/null || secrets_must=yes ;;
		esac
		secrets_name=${secrets_path##*/}
		secrets_unpack "$secrets_kind" "$1/$secrets_path" "$secrets_inner/$secrets_path:" "${secrets_name%.*}" >/dev/null 2>&1 || [ -z "$secrets_must" ] ||
			echo "$secrets_path" | secrets_tell "$1" "$2" "an archive that cannot be unpacked, so nothing is known about it"
	done <"$secrets_work/inner.$secrets_depth"
	chmod -R u+rwX "$secrets_inner"
	if [ "$secrets_depth" -lt 8 ]; then
		secrets_depth=$((secrets_depth + 1))
		secrets_check_tree "$secrets_inner" "$2"
		secrets_depth=$((secrets_depth - 1))
	else
		echo . | secrets_tell "$1" "$2" "archives in archives, more than eight deep"
	fi
	rm -rf "$secrets_work/tree.$secrets_depth"
}
