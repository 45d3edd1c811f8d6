#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image boot signs again only if something has changed: a key in hardware asks for a
# PIN each time.  --explain says what would be made again, and why.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
find "$from" -type f -exec touch -d @1600000000 {} +
mkdir -p "$site/hosts/12345678"
echo ip=192.0.2.7::192.0.2.1:255.255.255.0:::off >"$site/hosts/12345678/device.conf"

cat >"$dir/hsm" <<END
#!/bin/sh
echo signed >>"$dir/pins"
openssl dgst -sha256 -sign "$dir/owner.key" "\$3" | xxd -p -c 999
END
chmod +x "$dir/hsm"

sign() {
	boot_to "$out" --sign "$dir/hsm" --public-key "$dir/owner.pem" "$@" >"$dir/boot.log" 2>&1 || fail "farroot-image boot failed"
}

# signed NUMBER: how often the program was asked until now.
signed() {
	same "$(grep -c . "$dir/pins")" "$1" "how often boot.img was signed"
}

explained() {
	: >"$dir/boot.log"
	sign --explain
	grep -qF -e "$1" "$dir/boot.log" || fail "--explain does not say '$1', but: $(cat "$dir/boot.log")"
}

explained 'everything is to be made'
[ ! -e "$out" ] || fail "--explain made $out"
sign
signed 1
explained 'nothing has changed; nothing would be rebuilt'
inode=$(stat -c %i "$out/http/boot.img" "$out/tftp/12345678")
sign
grep -q 'nothing has changed' "$dir/boot.log" || fail "it does not say that nothing has changed: $(cat "$dir/boot.log")"
grep -q 'boot.img, ' "$dir/boot.log" || fail "the table of sizes is not printed"
same "$(stat -c %i "$out/http/boot.img" "$out/tftp/12345678")" "$inode" "the files"
# The same bytes in another folder.
mv "$from" "$dir/moved"
from=$dir/moved
sign
signed 1

# A machine of its own changes nothing that is signed.
echo farroot.hostname=north >>"$site/hosts/12345678/device.conf"
explained 'only folders of single machines would be made again'
grep -q 'host 12345678 hosts/12345678/device.conf: has changed' "$dir/boot.log" || fail "--explain does not name the file: $(cat "$dir/boot.log")"
cpio=$(sha256_of <"$out/tftp/12345678/device.cpio")
sign
signed 1
[ "$(sha256_of <"$out/tftp/12345678/device.cpio")" != "$cpio" ] || fail "the folder of the machine was not made again"
same "$(stat -c %i "$out/http/boot.img")" "$(echo "$inode" | head -n 1)" "boot.img"
rm -r "$site/hosts/12345678"
sign
[ ! -e "$out/tftp/12345678" ] || fail "the folder of a machine that is gone stayed"
signed 1

# again NUMBER TEXT: --explain has the TEXT, and boot.img is signed again.
again() {
	explained "$2"
	grep -q 'would be made again, and signed' "$dir/boot.log" || fail "--explain says nothing of signing: $(cat "$dir/boot.log")"
	sign
	signed "$1"
	explained 'nothing has changed'
}
mkdir -p "$site/boot/cmdline.d"
echo quiet >"$site/boot/cmdline.d/10"
again 2 'site boot/cmdline.d/10: is new'
make_archive "$from/rescue.cpio" 9 200000 cat
touch -d @1600000000 "$from/rescue.cpio"
again 3 'from rescue.cpio: has changed'
printf x >>"$firmware/start4.elf"
again 4 'firmware start4.elf: has changed'
make_key owner
again 5 'key public: has changed'
export SOURCE_DATE_EPOCH=1650000000
again 6 'option time: has changed from 1600000000 to 1650000000'
# A damaged output is made again.
printf x >>"$out/card/initrd"
again 7 'a file has changed since it was made'
sign --prefix lab
signed 8
[ -e "$out/tftp/lab/config.txt" ] || fail "no folder for the new prefix"

# The old output stays if the new one cannot be signed.
printf '#!/bin/sh\nexit 3\n' >"$dir/hsm"
cp -R "$out" "$dir/before"
echo debug >"$site/boot/cmdline.d/10"
refused 'ended with status 3' boot_to "$out" --sign "$dir/hsm" --public-key "$dir/owner.pem" --prefix lab
diff -r "$dir/before" "$out" || fail "the old output was changed"
nothing_left
