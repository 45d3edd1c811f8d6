#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Refuses files that hold a key or a password, before a web server shows them."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: no_secrets
short_description: Refuse files that hold a private key or a password
description:
  - Fails if one of the files holds a private key, the hash of a password, a URL with a password or a token.
  - The bytes are searched as they are. Archives are not unpacked, which farroot-image does when it makes them.
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  paths:
    description: Files and folders.
    type: list
    elements: path
    required: true
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Refuse secrets
  farroot.rpi.no_secrets:
    paths:
      - /srv/farroot/boot/http
"""

RETURN = r"""
files:
  description: How many files were read.
  type: int
  returned: success
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule

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


def main():
    module = AnsibleModule(
        argument_spec=dict(paths=dict(type="list", elements="path", required=True)),
        supports_check_mode=True,
    )
    found, count = [], 0
    for path in module.params["paths"]:
        for name in files_of(path):
            try:
                kind = secret_in(name)
            except (IOError, OSError) as error:
                module.fail_json(msg="%s: cannot be read: %s" % (name, error.strerror))
            count += 1
            if kind:
                found.append("%s: %s" % (name, kind))
    if found:
        module.fail_json(
            msg="Any machine can fetch a published file, and these would show secrets; nothing was published: " + "; ".join(found)
        )
    module.exit_json(changed=False, files=count)


if __name__ == "__main__":
    main()
