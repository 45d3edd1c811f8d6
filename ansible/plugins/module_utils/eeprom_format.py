# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Reads the image of a Raspberry Pi 4's EEPROM: its files, its version, the public key in it.

image/lib/eeprom-image.sh draws the format.  Nothing here writes an image: that is the work of
Raspberry Pi's rpi-eeprom-config, by farroot-image.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import re
import struct
import time

IMAGE_BYTES = 512 << 10
# The last sector is the boot loader's own: it has the time of the update, among others.
OWN_BYTES = 4096
MAGIC, MAGIC_MASK, FILE_MAGIC = 0x55AAF00F, 0xFFFFF00F, 0x55AAF11F
# Magic, length, name, reserved.
FILE_HEADER_BYTES = 24

# pubkey.bin: the modulus and the exponent, both little-endian.
KEY_BYTES = 264
EXPONENT = struct.pack("<Q", 65537)
# Before and after the modulus in a SubjectPublicKeyInfo of an RSA key of 2048 bits, RFC 8017.
DER_BEGIN = bytes(bytearray.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100"))
DER_END = bytes(bytearray.fromhex("0203010001"))


class BadImage(ValueError):
    """The message says what is wrong, without the name of the file."""


def files_of(image):
    """{name: contents} of the files in the image."""
    if len(image) == 2 << 20:
        raise BadImage("is an EEPROM image of a Pi 5 (2 MiB); only that of a Pi 4, 400 and CM4 (512 KiB) is supported")
    if len(image) != IMAGE_BYTES:
        raise BadImage("%d bytes; an EEPROM image of a Pi 4 has %d" % (len(image), IMAGE_BYTES))
    files, offset = {}, 0
    while offset + FILE_HEADER_BYTES <= len(image):
        magic, length = struct.unpack_from(">LL", image, offset)
        if magic in (0, 0xFFFFFFFF):
            break
        if magic & MAGIC_MASK != MAGIC:
            raise BadImage("no section at byte %d; is it an EEPROM image?" % offset)
        if offset + 8 + length > len(image):
            raise BadImage("the section at byte %d is longer than the image; it is damaged" % offset)
        if magic == FILE_MAGIC and length >= 16:
            name = image[offset + 8:offset + 20].split(b"\0")[0].decode("ascii", "replace")
            files.setdefault(name, image[offset + FILE_HEADER_BYTES:offset + 8 + length])
        offset = (offset + 8 + length + 7) // 8 * 8
    if "bootconf.txt" not in files:
        raise BadImage("has no bootconf.txt; is it an EEPROM image of a Pi 4?")
    return files


def is_empty(contents):
    """Space for a file that is not there yet."""
    return not contents.strip(b"\0\xff")


def timestamp_of(image):
    """When the boot loader was built, in seconds since 1970, or 0."""
    found = re.search(br"BUILD_TIMESTAMP=([0-9]+)", image)
    return int(found.group(1)) if found else 0


def date_of(timestamp):
    """The version of the boot loader with this timestamp, such as 2026-05-17."""
    return time.strftime("%Y-%m-%d", time.gmtime(timestamp)) if timestamp else ""


def is_same(image, other):
    """All that decides how the machine boots is the same."""
    return len(image) == len(other) and image[:-OWN_BYTES] == other[:-OWN_BYTES]


def key_in(contents):
    """The first bytes of pubkey.bin, or nothing if there is no key in them."""
    key = contents[:KEY_BYTES]
    return key if len(key) == KEY_BYTES and key.endswith(EXPONENT) else b""


def key_to_pem(key):
    der = DER_BEGIN + key[:256][::-1] + DER_END
    text = base64.b64encode(der).decode("ascii")
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % "\n".join(lines)


def key_from_pem(text):
    """The key as it lies in pubkey.bin."""
    if "PRIVATE KEY" in text:
        raise ValueError("is a private key; make its public key: openssl pkey -in KEY -pubout -out public.pem")
    found = re.search("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----", text)
    try:
        der = base64.b64decode("".join(found.group(1).split())) if found else b""
    except ValueError:
        der = b""
    if len(der) != len(DER_BEGIN) + 256 + len(DER_END) or not der.startswith(DER_BEGIN) or not der.endswith(DER_END):
        raise ValueError("must be a public RSA key of 2048 bits in PEM form; the boot loader takes no other")
    return der[len(DER_BEGIN):-len(DER_END)][::-1] + EXPONENT


def fingerprint(key):
    """SHA-256 of the key in PEM form, as farroot-image eeprom --read prints it."""
    return hashlib.sha256(key_to_pem(key).encode("ascii")).hexdigest()
