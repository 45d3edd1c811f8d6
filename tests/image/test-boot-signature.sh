#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# boot.sig has the format of rpi-eeprom-digest, openssl accepts its signature, and a key that
# a Pi would refuse is refused at once.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
make_key other

boot --public-key "$dir/owner.pem"
sig="$out/http/boot.sig"
same "$(wc -l <"$sig")" 3 "lines of boot.sig"
same "$(sed -n 1p "$sig")" "$(sha256_of <"$out/http/boot.img")" "line 1"
sed -n 2p "$sig" | grep -qx 'ts: [0-9]*' || fail "line 2 is no time"
sed -n 3p "$sig" | grep -qx 'rsa2048: [0-9a-f]\{512\}' || fail "line 3 is no signature"
sed -n 's/^rsa2048: //p' "$sig" | xxd -r -p >"$dir/signature"
openssl dgst -sha256 -verify "$dir/owner.pem" -signature "$dir/signature" "$out/http/boot.img" >/dev/null ||
	fail "openssl does not accept the signature"
cmp "$sig" "$out/rpiboot/boot.sig" || fail "rpiboot has another signature"

no="$dir/no"
# What the EEPROM has is another key: such an image boots nowhere.
refused "the signature is not of the key $dir/other.pem" boot_to "$no" --key "$dir/owner.key" --public-key "$dir/other.pem"
# The boot loader knows RSA with 2,048 bits only.
make_key big 3072
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/ec.key" 2>/dev/null
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$dir/pss.key" 2>/dev/null
for key in big ec; do
	refused "not an RSA key of 2048 bits" boot_to "$no" --key "$dir/$key.key"
done
refused "is a key for RSA-PSS only" boot_to "$no" --key "$dir/pss.key"
refused "is a public key" boot_to "$no" --key "$dir/owner.pem"
refused "is a private key" boot_to "$no" --key "$dir/owner.key" --public-key "$dir/owner.key"
refused "no private key in PEM form" boot_to "$no" --key "$site/site.conf"
refused "no such file" boot_to "$no" --key "$dir/absent.key"
refused "is a folder" boot_to "$no" --key "$dir"
openssl rsa -aes128 -passout pass:x -in "$dir/owner.key" -out "$dir/locked.key" 2>/dev/null
# Without a terminal to ask for the password.
refused "run this in a terminal" setsid -w sh "$image" boot "$site" --from "$from" --firmware "$firmware" \
	-o "$no" --key "$dir/locked.key"

if command -v script >/dev/null; then
	# Twice: for the public key, and to sign.
	printf 'x\nx\n' |
		script -qec "sh '$image' boot '$site' --from '$from' --firmware '$firmware' -o '$dir/unlocked' --key '$dir/locked.key'" \
			/dev/null >"$dir/script.log" 2>&1 || fail "an encrypted key cannot be used in a terminal"
	cmp "$dir/unlocked/http/boot.sig" "$sig" || fail "another signature by the encrypted key"
fi

# A key in hardware signs by a program.
cat >"$dir/my hsm" <<END
#!/bin/sh
[ \$# = 3 ] && [ "\$1 \$2" = "-a rsa2048-sha256" ] || exit 9
openssl dgst -sha256 -sign "$dir/owner.key" "\$3" | xxd -p -c 999 | tr a-f A-F
END
chmod +x "$dir/my hsm"
mv "$out" "$dir/by-key"
boot_to "$out" --sign "$dir/my hsm" --public-key "$dir/owner.pem" >/dev/null || fail "the program did not sign"
cmp "$dir/by-key/http/boot.sig" "$out/http/boot.sig" || fail "the program's signature is another one"
refused "is not of the key" boot_to "$no" --sign "$dir/my hsm" --public-key "$dir/other.pem"
printf '#!/bin/sh\nexit 3\n' >"$dir/my hsm"
refused "ended with status 3" boot_to "$no" --sign "$dir/my hsm" --public-key "$dir/owner.pem"
printf '#!/bin/sh\necho no token in slot 0\n' >"$dir/my hsm"
refused "no signature of 512 hex digits" boot_to "$no" --sign "$dir/my hsm" --public-key "$dir/owner.pem"
refused "no such program" boot_to "$no" --sign "$dir/absent" --public-key "$dir/owner.pem"

[ ! -e "$no" ] || fail "an output that was refused is there"
nothing_left

# Without a key there is nothing for HTTP.
boot_to "$no" >/dev/null 2>&1 || fail "it needs a key for TFTP"
[ ! -e "$no/http" ] || fail "unsigned files for HTTP"
same "$(cat "$no/rpiboot/config.txt")" boot_ramdisk=1 "config.txt of rpiboot"
