# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The log of nginx that the role fleet configures: one JSON object per line.

A position in the log is the digest of the file's first bytes and an offset, so that the file is found again after it was renamed
(with or without compression) or copied and truncated. What is read is never trusted: any client can write lines with its requests.
"""
import collections
import glob
import gzip
import hashlib
import json
import math
import os
import zlib

Request = collections.namedtuple("Request", "time address method path query status sent etag agent")
HEAD = 256
LONGEST = 65536
ROTATED = 60
# Key in the log: attribute and type.
STRINGS = {"address": "address", "method": "method", "uri": "path", "args": "query", "etag": "etag", "agent": "agent"}


def open_log(path):
    return gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")


def head_of(path, length):
    try:
        with open_log(path) as stream:
            return hashlib.sha256(stream.read(length)).hexdigest()
    except (OSError, EOFError, zlib.error):
        return ""


def is_at(path, position):
    if head_of(path, position["length"]) != position["head"]:
        return False
    return path.endswith(".gz") or os.path.getsize(path) >= position["offset"]


def files_from(path, position):
    """[(file, offset)] to read, the oldest first, and whether lines were lost in between."""
    here = [(path, 0)] if os.path.exists(path) else []
    if not position or not position["offset"]:
        return here, False
    rotated = []
    for name in glob.glob(glob.escape(path) + "?*"):
        try:
            rotated.append((os.stat(name).st_mtime, name))
        except OSError:
            pass
    names = [name for name, _ in here] + [name for _, name in sorted(rotated, reverse=True)[:ROTATED]]
    for index, name in enumerate(names):
        try:
            found = is_at(name, position)
        except OSError:
            found = False
        if found:
            return [(name, position["offset"])] + [(newer, 0) for newer in reversed(names[:index])], False
    # Without any file, the next run looks again.
    return here, bool(here)


def lines_of(stream):
    """(line or None if it is too long, offset after it); a last line without its end is not there yet."""
    while True:
        line = stream.readline(LONGEST)
        if not line:
            return
        if line.endswith(b"\n"):
            yield line, stream.tell()
            continue
        if len(line) < LONGEST:
            return
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST)
        if not line:
            return
        yield None, stream.tell()


def read(path, position, most):
    """At most that number of lines: (lines, new position, whether there is more, whether lines were lost)."""
    files, lost = files_from(path, position)
    lines, more = [], False
    if lost:
        position = None
    for name, offset in files:
        at = offset
        try:
            with open_log(name) as stream:
                stream.seek(offset)
                for line, at in lines_of(stream):
                    lines.append(line)
                    if len(lines) == most:
                        more = True
                        break
        except (EOFError, zlib.error):
            lost = True
        if at:
            length = min(HEAD, at)
            position = {"head": head_of(name, length), "length": length, "offset": at}
        if more:
            break
    return lines, position, more, lost


def parse(line):
    """A Request, or None for what nginx has not written so."""
    if line is None:
        return None
    try:
        value = json.loads(line.decode("utf-8", "replace"))
        time, status, sent = float(value["time"]), int(value["status"]), int(value["sent"])
        texts = {name: value[key] for key, name in STRINGS.items()}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    if not math.isfinite(time) or not 0 < time < 1e11 or not all(isinstance(text, str) for text in texts.values()):
        return None
    return Request(time=time, status=status, sent=sent, **texts)
