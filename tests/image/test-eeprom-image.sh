#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image eeprom reads the sections of an EEPROM image, and compares what the
# vendor's tool wrote with what it was to write.
. "${srcdir:-..}/tests/image/lib.sh"
need python3
make_site
make_key other

# The key as Raspberry Pi's tool stores it: modulus and exponent, little-endian.
pubkey_bin() {
	python3 - "$(openssl rsa -pubin -in "$1" -noout -modulus | cut -d = -f 2)" >"$2" <<'END'
import sys
sys.stdout.buffer.write(bytes.fromhex(sys.argv[1])[::-1] + (65537).to_bytes(8, "little"))
END
}
synthetic() {
	python3 "$srcdir/tests/image/eeprom-image.py" "$@" || fail "no synthetic image"
}

printf '[all]\nBOOT_UART=1\n' >"$dir/conf"
pubkey_bin "$dir/owner.pem" "$dir/pubkey.bin"
synthetic "$dir/with key.bin" bootconf.txt="$dir/conf" pubkey.bin="$dir/pubkey.bin"
farroot_image eeprom --read "$dir/with key.bin" -o "$dir/read" >"$dir/read.log" || fail "it cannot be read"
grep -qx 'boot loader of 2026-05-17' "$dir/read.log" || fail "another version: $(cat "$dir/read.log")"
same "$(cd "$dir/read" && echo ./*)" "./bootconf.txt ./pubkey.bin ./public.pem" "files"
cmp "$dir/read/bootconf.txt" "$dir/conf" || fail "another configuration"
cmp "$dir/read/pubkey.bin" "$dir/pubkey.bin" || fail "another pubkey.bin"
cmp "$dir/read/public.pem" "$dir/owner.pem" || fail "another public key"
synthetic "$dir/stock.bin"
farroot_image eeprom --read "$dir/stock.bin" -o "$dir/read2" >"$dir/read.log"
grep -qx 'public key: none' "$dir/read.log" || fail "a key in an image without one"

# Not an image, or a damaged one.
read_image() {
	farroot_image eeprom --read "$1" -o "$dir/no"
}
head -c 1000 "$dir/stock.bin" >"$dir/bad"
refused "1000 bytes; an EEPROM image of a Pi 4 has 524288" read_image "$dir/bad"
truncate -s 2M "$dir/bad"
refused "of a Pi 5" read_image "$dir/bad"
random_bytes 524288 >"$dir/bad"
refused "no section at byte 0" read_image "$dir/bad"
head -c 524288 /dev/zero >"$dir/bad"
refused "has no bootconf.txt" read_image "$dir/bad"
cp "$dir/stock.bin" "$dir/bad"
printf '\177' | dd of="$dir/bad" bs=1 seek=4 conv=notrunc 2>/dev/null
refused "longer than the image" read_image "$dir/bad"
cp "$dir/stock.bin" "$dir/bad"
printf '\377\377\377\377' | dd of="$dir/bad" bs=1 seek=4 conv=notrunc 2>/dev/null
refused "longer than the image" read_image "$dir/bad"
# A name that would lie outside of the folder is no file that is asked for.
sed 's,bootconf.txt,../../../etc,' "$dir/stock.bin" >"$dir/bad"
refused "has no bootconf.txt" read_image "$dir/bad"
refused "exists" farroot_image eeprom --read "$dir/stock.bin" -o "$dir/read"
[ ! -e "$dir/no" ] || fail "an output that was refused is there"

# Writing is the vendor's tool's work: here a program with the same options.
farroot_image eeprom "$site" --case http --http-host boot.example.org --http-path pi -o "$dir/boot.conf" || fail "no configuration"
mkdir "$dir/bin"
write_image() {
	PATH=$dir/bin:$PATH farroot_image eeprom --config "$dir/boot.conf" --base "${base:-$dir/stock.bin}" -o "$dir/new.bin" "$@"
}
if ! command -v rpi-eeprom-config >/dev/null; then
	refused "rpi-eeprom-config is not installed; it is in the package rpi-eeprom" write_image --public-key "$dir/owner.pem"
else
	# Raspberry Pi's own tool, which Debian does not have.
	write_image --public-key "$dir/owner.pem" || fail "rpi-eeprom-config makes no image"
	same "$(rpi-eeprom-config "$dir/new.bin")" "$(cat "$dir/boot.conf")" "configuration that rpi-eeprom-config reads"
	farroot_image eeprom --read "$dir/new.bin" -o "$dir/vendor" >/dev/null || fail "what rpi-eeprom-config wrote cannot be read"
	cmp "$dir/vendor/bootconf.txt" "$dir/boot.conf" || fail "another configuration than rpi-eeprom-config wrote"
	cmp "$dir/vendor/public.pem" "$dir/owner.pem" || fail "another key than rpi-eeprom-config wrote"
	rm "$dir/new.bin"
fi
cat >"$dir/bin/rpi-eeprom-config" <<END
#!/bin/sh
# --config CONF --pubkey KEY --out NEW BASE
[ "\$1 \$3 \$5" = '--config --pubkey --out' ] && [ \$# = 7 ] || { echo "ERROR: wrong arguments: \$*" >&2; exit 1; }
python3 "$srcdir/tests/image/eeprom-image.py" "\$6" bootconf.txt="\$2" pubkey.bin="$dir/pubkey.bin"
END
chmod +x "$dir/bin/rpi-eeprom-config"
write_image --public-key "$dir/owner.pem" 2>"$dir/write.log" || fail "no image: $(cat "$dir/write.log")"
farroot_image eeprom --read "$dir/new.bin" -o "$dir/back" >/dev/null
cmp "$dir/back/bootconf.txt" "$dir/boot.conf" || fail "another configuration in the new image"
! grep -q MFG_VER "$dir/write.log" || fail "a note about a number that the image has: $(cat "$dir/write.log")"
rm "$dir/new.bin"
# A newer board does not start with an image of a lower number, or of none.
write_image --public-key "$dir/owner.pem" --min-boot-ver 1 2>"$dir/write.log" || fail "no image: $(cat "$dir/write.log")"
refused "its MFG_VER is 1, and the board needs at least 2" write_image --public-key "$dir/owner.pem" --min-boot-ver 2
sed 's/MFG_VER: 1/XXX_XXX: 1/g' "$dir/stock.bin" >"$dir/old.bin"
base=$dir/old.bin
refused "its MFG_VER is 0, and the board needs at least 1" write_image --public-key "$dir/owner.pem" --min-boot-ver 1
write_image --public-key "$dir/owner.pem" 2>"$dir/write.log" || fail "no image: $(cat "$dir/write.log")"
grep -q 'note: .*old.bin has no MFG_VER' "$dir/write.log" || fail "no note: $(cat "$dir/write.log")"
base=
rm "$dir/new.bin"
refused "does not have the key $dir/other.pem" write_image --public-key "$dir/other.pem"
refused "has no public key, and HTTP boot from your server needs one" write_image
sed -i 's/bootconf.txt="[^"]*"/bootconf.txt=\/dev\/null/' "$dir/bin/rpi-eeprom-config"
refused "does not have the configuration" write_image --public-key "$dir/owner.pem"
printf '#!/bin/sh\necho ERROR: no Cryptodome >&2; exit 1\n' >"$dir/bin/rpi-eeprom-config"
refused "ERROR: no Cryptodome; for --pubkey it needs python3-pycryptodome" write_image --public-key "$dir/owner.pem"
sed 's/1779045198/1756321032/g' "$dir/stock.bin" >"$dir/2025-08-27.bin"
base=$dir/2025-08-27.bin
refused "EEPROM version 2025-08-27: an answer 404" write_image --public-key "$dir/owner.pem"
base=
# The certificate of an authority: 4076 bytes of DER, and the one of the configuration.
certificate() {
	openssl req -x509 -key "$dir/owner.key" -subj /CN=test -outform "$1" -out "$2" \
		-addext "nsComment=$(head -c "$3" /dev/zero | tr '\0' x)" 2>/dev/null || fail "no certificate"
}
certificate PEM "$dir/ca.pem" 10
certificate DER "$dir/ca.der" 10
certificate DER "$dir/big.der" 4000
[ "$(stat -c %s "$dir/big.der")" -gt 4076 ] || fail "big.der is small"
printf '#!/bin/sh\necho ERROR: reached >&2; exit 1\n' >"$dir/bin/rpi-eeprom-config"
with_ca() {
	write_image --public-key "$dir/owner.pem" --ca-cert "$1"
}
refused "is no certificate in DER form" with_ca "$dir/ca.pem"
refused "the EEPROM has room for a certificate of 4076" with_ca "$dir/big.der"
refused "ERROR: reached" with_ca "$dir/ca.der"
grep -q 'note: .* has no HTTP_CACERT_HASH' "$dir/refused.log" || fail "no note: $(cat "$dir/refused.log")"
cp "$dir/boot.conf" "$dir/plain.conf"
echo "HTTP_CACERT_HASH=$(printf '%064d' 1)" >>"$dir/boot.conf"
refused "not that of HTTP_CACERT_HASH" with_ca "$dir/ca.der"
{ cat "$dir/plain.conf" && echo "HTTP_CACERT_HASH=$(sha256sum <"$dir/ca.der" | cut -d ' ' -f 1)"; } >"$dir/boot.conf"
refused "ERROR: reached" with_ca "$dir/ca.der"
! grep -q 'note: .* has no HTTP_CACERT_HASH' "$dir/refused.log" || fail "a note about a hash that is there"
[ ! -e "$dir/new.bin" ] || fail "an image that was refused is there"
nothing_left
