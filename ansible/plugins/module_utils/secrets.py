# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Looks for private keys, passwords and tokens in files that are to be published."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

# Programs have the first line of a PEM file in them, to recognize keys; only with a second line it is one.
SECRETS = (
    ("a private key", re.compile(
        br"BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\n|[ \t\r\n])+(?:(?:Proc-Type|Comment|Version|DEK-Info)|[A-Za-z0-9+/=]{16})")),
    ("a private key", re.compile(br"AGE-SECRET-KEY-1[A-Z0-9]{50}")),
    ("a private key", re.compile(br"(?:PrivateKey|PresharedKey) *= *[A-Za-z0-9+/]{43}=")),
    ("the hash of a password", re.compile(
        br"\$(?:1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|5\$(?:rounds=[0-9]+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}"
        br"|6\$(?:rounds=[0-9]+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}"
        br"|(?:y|gy|7)\$[./A-Za-z0-9]{2,}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"
        br"|2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}|argon2(?:i|d|id)\$v=[0-9]+\$m=[0-9]+)")),
    ("a URL with a password", re.compile(br"[a-z]{3,8}://[^/ :@\"'<>\x00-\x20\x7f-\xff]{1,64}:[^/ :@$\x00-\x20\x7f-\xff]{1,64}@[A-Za-z0-9]")),
    ("a token", re.compile(
        br"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])|gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20})")),
    ("a password", re.compile(br"(?:^|[ \n])(?:[a-z.]*password|[a-z.]*passwd|[a-z.]*passphrase)=(?!\+)[!-~]{4,}[ \n]")),
)
BLOCK = 8 << 20
# The longest secret that is found across two blocks.
OVERLAP = 4096


def secret_in(path):
    """The kind of secret that the file holds, or None."""
    with open(path, "rb") as stream:
        carry = b"\n"
        while True:
            block = stream.read(BLOCK)
            if not block:
                return None
            data = carry + block
            for kind, pattern in SECRETS:
                if pattern.search(data):
                    return kind
            carry = data[-OVERLAP:]


def files_of(path):
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(top, name) for top, unused, names in sorted(os.walk(path)) for name in sorted(names)]


def secrets_in(paths):
    """(how many files were read, ["FILE: what it holds"])."""
    found, count = [], 0
    for path in paths:
        for name in files_of(path):
            kind = secret_in(name)
            count += 1
            if kind:
                found.append("%s: %s" % (name, kind))
    return count, found


def refusal(found):
    return "Any machine can fetch a published file, and these would show secrets; nothing was published: " + "; ".join(found)
