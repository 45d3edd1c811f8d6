#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The check for secrets finds each kind, in a tree and in archives inside archives, and
# takes neither a public key nor a program for one.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need cpio gzip xz zstd mksquashfs unsquashfs openssl ssh-keygen tar zip unzip dpkg-deb dropbearkey
# Also at the end of a pipe.
set -e
load_parts archives magic settings secrets
tree=$dir/tree

fresh() {
	rm -rf "$tree"
	mkdir -p "$tree/etc/ssh" "$tree/root" "$tree/usr/bin"
	printf 'root:*::0:99999:7:::\nsshd:!*::::::\nnobody:!::::::\n' >"$tree/etc/shadow"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$tree/etc/passwd"
	: >"$tree/etc/machine-id"
	cp "$dir/key.pub" "$tree/etc/authorized_keys"
}

# found WHAT PATH...: the check names it.
found() {
	what=$1
	shift
	! secrets_check "$@" >"$dir/found" || fail "not found: $what in $*, where are: $(find "$tree" -type f)"
	grep -q -F -e ": $what" "$dir/found" || fail "$what: found was: $(cat "$dir/found")"
}

clean() {
	secrets_check "$@" >"$dir/found" || fail "not clean: $(cat "$dir/found")"
}

ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
openssl genpkey -algorithm ed25519 -out "$dir/pem" 2>/dev/null
openssl pkey -in "$dir/pem" -outform DER -out "$dir/der" 2>/dev/null

# What is no secret: programs that handle keys have the first line of one in them.
fresh
cp "$(command -v ssh-keygen)" "$(command -v openssl)" "$tree/usr/bin/"
# shellcheck disable=SC2016 # text
echo 'grep -q "BEGIN OPENSSH PRIVATE KEY" && echo $1$2$3 | sed s/$6/$5/' >"$tree/usr/bin/script"
echo uninitialized >"$tree/etc/machine-id"
echo 'url=http://[::1]:80/a@b' >"$tree/etc/url"
clean "$tree"

# try TEXT-OF-THE-RESULT FILE: standard input is the file's content.
try() {
	fresh
	mkdir -p "$(dirname "$tree/$2")"
	cat >"$tree/$2"
	found "$1" "$tree"
	grep -q "$2: $1" "$dir/found" || fail "$2 is not named: $(cat "$dir/found")"
}

# Settings whose value is no secret.
cat >"$tree/etc/good.conf" <<'END'
# password=hunter2
password=
psk="$WIFI_PSK"
password = @PASSWORD@
password_file=/run/secret
private_key = /etc/ssl/x.pem # a file
tokens=12
psk-flags=1
bypass=word
passwd: {{ wifi_password }}
END
printf 'passwd: files systemd\n' >"$tree/etc/nsswitch.conf"
printf 'password\t[success=1 default=ignore]\tpam_unix.so\n' >"$tree/etc/pam"
echo '[ req_attributes ]
challengePassword = A challenge password' >"$tree/etc/openssl.cnf"
echo 'password=hunter2' >"$tree/usr/bin/no-settings"
# What only begins as an archive or a key does.
printf '\037\213\010\000 and 30 bytes that are not compressed' >"$tree/usr/bin/gzip-magic"
printf 'PK\003\004 and 30 bytes that are no archive' >"$tree/usr/bin/zip-magic"
for key in ed25519 rsa ecdsa; do
	[ -e "$dir/$key.pub" ] || ssh-keygen -q -t $key -N '' -f "$dir/$key"
	cut -d ' ' -f 2 "$dir/$key.pub" | base64 -d >"$tree/etc/$key.bin"
done
clean "$tree"

try 'a private key' usr/share/doc/x <"$dir/key"
try 'a private key' root/.profile <"$dir/pem"
try 'a private key' usr/lib/blob <"$dir/der"
openssl genrsa 2048 2>/dev/null | openssl rsa -outform DER 2>/dev/null | try 'a private key' usr/lib/blob
openssl pkcs8 -topk8 -in "$dir/pem" -outform DER -passout pass:word | try 'a private key' usr/lib/blob
sed 's/$/\r/' "$dir/pem" | try 'a private key' root/windows.txt
{ echo '#!/bin/sh' && printf 'key="' && cat "$dir/pem"; } | try 'a private key' usr/bin/install-key
tr '\n' ' ' <"$dir/pem" | sed 's/ MC/\\nMC/' | try 'a private key' etc/one-line
{ head -c 5000 "$(command -v openssl)" && echo && cat "$dir/key"; } | try 'a private key' usr/bin/tool
printf 'PrivateKey = %s=\n' "$(head -c 43 /dev/zero | tr '\0' a)" | try 'a private key' etc/wireguard/wg0.conf
fresh
for type in ed25519 rsa 'rsa -s 4096' ecdsa 'ecdsa -s 384' 'ecdsa -s 521'; do
	# shellcheck disable=SC2086 # words
	dropbearkey -t $type -f "$tree/usr/bin/$type" >/dev/null 2>&1 || fail "dropbearkey -t $type"
done
sed -e 1d -e '$d' "$dir/key" | base64 -d >"$tree/usr/bin/openssh"
printf 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n' >"$tree/usr/bin/putty"
found 'a private key' "$tree"
same "$(grep -c 'usr/bin/.*: a private key' "$dir/found")" 8 "keys without text around them: $(cat "$dir/found")"
echo x | try 'a host key' etc/ssh/ssh_host_ed25519_key
echo x | try 'a host key' etc/dropbear/dropbear_rsa_host_key
echo x | try 'a random seed' var/lib/systemd/random-seed
echo 0123456789abcdef0123456789abcdef | try 'a machine id' etc/machine-id
echo x | try 'a machine id' var/lib/dbus/machine-id
echo nqn | try 'an identity of one machine' etc/nvme/hostnqn
# shellcheck disable=SC2016 # hashes
for hash in $(printf x | openssl passwd -6 -stdin) $(printf x | openssl passwd -5 -stdin) $(printf x | openssl passwd -1 -stdin) \
	'$y$j9T$7VSwqL6TWJ2NUCKYLzeCV0$fOZZTLgI1UDN3L8cjzsRVRS9SHSFJ0FcTkKnLX8uV5D' \
	'$2b$12$abcdefghijklmnopqrstuuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'; do
	echo "root:$hash:1:0:99999:7:::" | try 'an account with a password' etc/shadow
	grep -q 'the hash of a password' "$dir/found" || fail "$hash in shadow is not taken for a hash"
	echo "PASSWORD='$hash'" | try 'the hash of a password' usr/share/setup
done
# shellcheck disable=SC2016 # hashes
for hash in '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9gq5Xh9' '{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=' '$pbkdf2-sha256$29000$abc$def'; do
	echo "userPassword: $hash" | try 'the hash of a password' usr/share/users
done
echo 'root::1:0:99999:7:::' | try 'an account with a password' etc/shadow
echo 'root::0:0:root:/root:/bin/sh' | try 'an account with a password' etc/passwd
echo 'user:abJnggxhB/yWI:1::::::' | try 'an account with a password' etc/shadow
echo "ghp_$(head -c 36 /dev/zero | tr '\0' a)" | try 'a token' etc/x
echo 'curl -H "Authorization: Bearer abcdefghijklmnopqrst"' | try 'a token' usr/bin/fetch
echo 'url=https://user:word@example.net/x' | try 'a URL with a password' etc/x.conf
echo x | try 'a file for passwords or keys' root/.netrc

# All at once: setting KEY FILE has the file's content from standard input.
fresh
: >"$dir/wanted"
setting() {
	mkdir -p "$(dirname "$tree/$2")"
	cat >"$tree/$2"
	echo "$tree: $2: the value of $1=" >>"$dir/wanted"
}
printf 'network={\n\tssid="x"\n\tpsk="hunter22"\n}\n' | setting psk etc/wpa_supplicant/wpa_supplicant.conf
printf '[wifi-security]\nkey-mgmt=wpa-psk\npsk=hunter22\n' | setting psk etc/NetworkManager/system-connections/x.nmconnection
printf '[802-1x]\npassword=!hunter2\n' | setting password etc/NetworkManager/system-connections/y.nmconnection
printf 'password=hunter2\r\n' | setting password etc/x.ini
echo 'wpa_passphrase=hunter22' | setting wpa_passphrase etc/hostapd/hostapd.conf
printf 'wifis:\n  wlan0:\n    access-points:\n      "x":\n        password: "hunter22"\n' | setting password etc/netplan/x.yaml
echo 'export API_TOKEN="hunter2"' | setting api_token etc/default/x
printf '{ "auth": 1,\n  "token": "hunter2" }\n' | setting token etc/x.json
echo '//192.0.2.1/x /mnt cifs username=a,password=hunter2,ro 0 0' | setting password etc/fstab
echo 'host-key=aHVudGVyMgo=' | setting host-key etc/farroot/device.conf
echo 'host-key=aHVudGVyMgo=' | setting host-key usr/share/device.conf
echo 'wireguard-key=aHVudGVyMgo=' | setting wireguard-key etc/farroot/files/etc/farroot/device.conf
# Compressed, it is none less.
gzip -c "$tree/etc/x.ini" >"$tree/etc/y.ini.gz"
echo "$tree: etc/y.ini.gz: y.ini: the value of password=" >>"$dir/wanted"
! secrets_check "$tree" >"$dir/found" || fail "settings are not found"
LC_ALL=C sort "$dir/wanted" | diff - "$dir/found" || fail "the settings that are found"

# In archives: each kind of compression, a second archive behind the first, a squashfs in a
# cpio, an archive in a file of the tree.
pack_cpio() {
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet)
}
fresh
mkdir "$dir/empty" && touch "$dir/empty/kernel"
pack_cpio "$dir/empty" >"$dir/first.cpio"
pack_cpio "$tree" >"$dir/tree.cpio"
clean "$dir/tree.cpio"
cp "$dir/key" "$tree/root/key"
pack_cpio "$tree" >"$dir/tree.cpio"
found 'a private key' "$dir/tree.cpio"
for compress in 'gzip -c' 'xz -c' 'zstd -q -c'; do
	$compress <"$dir/tree.cpio" >"$dir/tree.packed"
	cat "$dir/first.cpio" "$dir/tree.packed" >"$dir/initrd"
	found 'a private key' "$dir/initrd"
	grep -q 'root/key' "$dir/found" || fail "the file is not named: $(cat "$dir/found")"
done
# Padded to a multiple of four.
cp "$dir/tree.packed" "$dir/initrd"
printf '\000\000\000' >>"$dir/initrd"
found 'a private key' "$dir/initrd"
(cat "$dir/first.cpio" && head -c 700 /dev/zero && gzip -c "$dir/tree.cpio") >"$dir/initrd"
found 'a private key' "$dir/initrd"
mkdir "$dir/box"
mksquashfs "$tree" "$dir/box/rescue.squashfs" -quiet -no-progress >/dev/null 2>&1 || fail "mksquashfs"
pack_cpio "$dir/box" >"$dir/rescue.cpio"
found 'a private key' "$dir/rescue.cpio"
# Compressed bytes are no text, not even a public hash with another byte behind it; what is
# compressed is looked at.
rm -r "$dir/box"
mkdir "$dir/box"
fresh
known=$(grep '^.2a.10' "$srcdir/image/rescue/secrets-known")
printf '%s\0' "$known" >"$tree/usr/bin/sshd"
clean "$tree"
mksquashfs "$tree" "$dir/box/root.img" -quiet -no-progress >/dev/null 2>&1 || fail "mksquashfs"
printf '%s"' "$known" >>"$dir/box/root.img"
clean "$dir/box"
printf '%s"' "$known" >"$dir/box/root.conf"
found 'the hash of a password' "$dir/box"
rm "$dir/box/root.conf" "$dir/box/root.img"
printf 'x:%s\n' "$(openssl passwd -6 -salt abc secret)" >"$tree/usr/bin/sshd"
mksquashfs "$tree" "$dir/box/root.img" -quiet -no-progress >/dev/null 2>&1 || fail "mksquashfs"
found 'the hash of a password' "$dir/box"

fresh
xz -c "$dir/key" >"$tree/usr/bin/data.xz"
found 'a private key' "$tree"

# By their first bytes, whatever their names are; and in each other.
mkdir "$dir/secret"
cp "$dir/key" "$dir/secret/id"
tar -C "$dir" -cf "$dir/secret.tar" secret
(cd "$dir" && zip -q -r secret.zip secret)
mkdir -p "$dir/deb/DEBIAN"
printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n' >"$dir/deb/DEBIAN/control"
cp "$dir/key" "$dir/deb/id"
dpkg-deb -Zxz -b "$dir/deb" "$dir/secret.deb" >/dev/null || fail "dpkg-deb"
# inner FILE: standard input is the archive, in which there is id.
fresh
: >"$dir/wanted"
inner() {
	cat >"$tree/$1"
	echo "$1" >>"$dir/wanted"
}
gzip -c "$dir/secret.tar" | inner root/backup.tgz
xz -c "$dir/secret.tar" | inner root/backup.txz
inner root/backup.zip <"$dir/secret.zip"
inner root/backup.deb <"$dir/secret.deb"
inner root/backup <"$dir/secret.tar"
bzip2 -c "$dir/secret.tar" | inner root/bzip2
inner 'root/b c' <"$dir/secret.zip"
gzip -c "$dir/key" | gzip -c | inner root/x-id
(cd "$dir/secret" && zip -q - id) | xz -c | tee "$dir/secret/in.bin" | inner usr/bin/blob
tar -C "$dir" -c secret/in.bin | zstd -q -c | inner usr/bin/deeper
found 'a private key' "$tree"
while IFS= read -r name; do
	grep -q "$name: .*id.*: a private key" "$dir/found" || fail "nothing is found in $name: $(cat "$dir/found")"
done <"$dir/wanted"
# An archive that is not whole, and not only in its name.
fresh
gzip -c "$dir/secret.tar" | head -c 100 >"$tree/root/backup.tgz"
found 'an archive that cannot be unpacked' "$tree"
# A folder of the user with a name that sounds like settings.
mkdir -p "$dir/home/etc"
echo 'password=hunter2' >"$dir/home/etc/program"
clean "$dir/home/etc"
fresh
echo 'it has more than 24 bytes' >"$tree/a
b"
found 'a file that cannot be read, or a line break in a name' "$tree"

# What cannot be read is an error, not clean.
head -c 3000 "$dir/initrd" >"$dir/short"
! (secrets_check "$dir/short") >"$dir/found" 2>&1 || fail "half an archive is called clean"
(cat "$dir/first.cpio" && echo nonsense) >"$dir/odd"
! (secrets_check "$dir/odd") >"$dir/found" 2>&1 || fail "unknown bytes are called clean"
