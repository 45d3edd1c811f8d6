#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Reads and writes the Zstandard seekable format, without any code of farroot: zstd(1) alone
# compresses and decompresses.
#
# seekable.py check FILE SIZE: the first SIZE bytes of FILE must be a seekable file, each frame
# with its size and its checksum. Prints the number of frames and the largest one.
#
# seekable.py make FILE FRAME OPTION... <DATA: writes a seekable file with frames of FRAME bytes,
# padded to 4096 bytes unless "bare". Options: bare; plain (no checksums); empty (frames without
# data and skippable frames between the others); mute (no checksums in the frames); and mistakes:
# reserved, short (an entry is too small), large (an entry is too large), wrong (a checksum),
# swapped (two entries).
import struct
import subprocess
import sys

TABLE = 0x184D2A5E
MAGIC = 0x8F92EAB1
NOTHING = 0x51D8E999  # XXH64 of no bytes


def zstd(data, *arguments):
    return subprocess.run(["zstd", "-q", "-c", *arguments], input=data, check=True, stdout=subprocess.PIPE).stdout


def require(condition, text):
    if not condition:
        sys.exit("seekable.py: " + text)


def check(path, size):
    with open(path, "rb") as file:
        data = file.read(size)
    count, flags, magic = struct.unpack("<IBI", data[-9:])
    require(magic == MAGIC and flags == 0x80, "no footer with checksums")
    table = data[-(count * 12 + 17):]
    require(struct.unpack("<II", table[:8]) == (TABLE, len(table) - 8), "no header")
    at = 0
    largest = 0
    for i in range(count):
        compressed, bare, checksum = struct.unpack_from("<III", table, 8 + 12 * i)
        frame = data[at:at + compressed]
        at += compressed
        largest = max(largest, bare)
        if bare:
            require(len(zstd(frame, "-d")) == bare, f"frame {i} has another size")
            require(struct.unpack("<I", frame[-4:])[0] == checksum, f"frame {i} has another checksum")
        else:
            require(frame[1:4] == b"\x2a\x4d\x18" and checksum == NOTHING, f"frame {i} is not skippable")
    require(at + len(table) == size, "the sizes do not add up")
    print(count, largest)


def skippable(size):
    return struct.pack("<II", 0x184D2A53, size - 8) + b"x" * (size - 8)


def make(path, frame, options):
    data = sys.stdin.buffer.read()
    frames = []
    for at in range(0, len(data), frame):
        part = data[at:at + frame]
        with_checksum = zstd(part)
        checksum = struct.unpack("<I", with_checksum[-4:])[0]
        frames.append([zstd(part, "--no-check") if "mute" in options else with_checksum, len(part), checksum])
        if "empty" in options:
            frames.append([zstd(b""), 0, NOTHING])
            frames.append([skippable(5000), 0, NOTHING])
    entry = 8 if "plain" in options else 12
    if "bare" not in options:
        size = sum(len(f[0]) for f in frames) + 17 + entry * (len(frames) + 1)
        frames.append([skippable(4096 + 4096 - size % 4096), 0, NOTHING])
    entries = [[len(f[0]), f[1], f[2]] for f in frames]
    if "short" in options:
        entries[1][0] -= 1
    if "large" in options:
        entries[1][1] = 1 << 30
    if "wrong" in options:
        entries[1][2] ^= 1
    if "swapped" in options:
        entries[0], entries[1] = entries[1], entries[0]
    table = b"".join(struct.pack("<III", *e)[:entry] for e in entries)
    flags = (0 if "plain" in options else 0x80) | (0x10 if "reserved" in options else 0)
    with open(path, "wb") as file:
        for f in frames:
            file.write(f[0])
        file.write(struct.pack("<II", TABLE, len(table) + 9) + table)
        file.write(struct.pack("<IBI", len(frames), flags, MAGIC))


if sys.argv[1] == "check":
    check(sys.argv[2], int(sys.argv[3]))
else:
    make(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
