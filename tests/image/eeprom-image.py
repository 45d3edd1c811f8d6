# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A synthetic EEPROM image of 512 KiB, with sections as a Pi 4's: a boot loader, padding, and
# the files that can be changed, each in a sector of its own, where rpi-eeprom-config of Raspberry
# Pi expects them: behind the first 64 KiB.
# usage: eeprom-image.py OUT [NAME=FILE]...
import struct
import sys

MAGIC, PADDING, FILE = 0x55AAF00F, 0x55AAFEEF, 0x55AAF11F
FIRST_FILE, SECTOR = 64 << 10, 4096
image = bytearray()


def section(magic, contents):
    image.extend(struct.pack(">LL", magic, len(contents)) + contents)
    image.extend(b"\xff" * (-len(image) % 8))


def pad(end):
    section(PADDING, b"\xff" * (end - len(image) - 8))


def file(name, contents):
    section(FILE, name.encode().ljust(12, b"\0") + b"\0" * 4 + contents)


section(MAGIC, b"boot loader BUILD_TIMESTAMP=1779045198\0MFG_VER: 1\0" * 100)
section(PADDING, b"\xff" * 516)
section(0x55AAF44F, b"compressed" * 1001)
pad(FIRST_FILE)
files = {"pubkey.bin": bytes(512), "cacert.der": bytes(2048), "bootconf.sig": bytes(1024), "bootconf.txt": b"[all]\nBOOT_UART=0\n"}
for argument in sys.argv[2:]:
    name, path = argument.split("=", 1)
    with open(path, "rb") as f:
        files[name] = f.read()
for number, (name, contents) in enumerate(files.items(), 1):
    file(name, contents)
    pad(FIRST_FILE + number * SECTOR)
with open(sys.argv[1], "wb") as f:
    f.write(image.ljust(512 * 1024, b"\xff"))
