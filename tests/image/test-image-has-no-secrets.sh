#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The check for secrets finds each kind, in a tree and in archives inside archives, and
# takes neither a public key nor a program for one.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need cpio gzip xz zstd mksquashfs unsquashfs openssl ssh-keygen
load_parts archives secrets
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
echo 'root::1:0:99999:7:::' | try 'an account with a password' etc/shadow
echo 'root::0:0:root:/root:/bin/sh' | try 'an account with a password' etc/passwd
echo 'user:abJnggxhB/yWI:1::::::' | try 'an account with a password' etc/shadow
echo "ghp_$(head -c 36 /dev/zero | tr '\0' a)" | try 'a token' etc/x
echo 'curl -H "Authorization: Bearer abcdefghijklmnopqrst"' | try 'a token' usr/bin/fetch
echo 'url=https://user:word@example.net/x' | try 'a URL with a password' etc/x.conf
echo x | try 'a file for passwords or keys' root/.netrc

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

# What cannot be read is an error, not clean.
head -c 3000 "$dir/initrd" >"$dir/short"
! (secrets_check "$dir/short") >"$dir/found" 2>&1 || fail "half an archive is called clean"
(cat "$dir/first.cpio" && echo nonsense) >"$dir/odd"
! (secrets_check "$dir/odd") >"$dir/found" 2>&1 || fail "unknown bytes are called clean"
