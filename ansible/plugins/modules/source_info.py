#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Reads what is to be published, names its version, and refuses secrets."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: source_info
short_description: Read what is to be published
description:
  - Reads the boot files and the image, and names the version by what is in them.
  - Fails if a boot file or the profile holds a secret. The image was searched by farroot-image when it was made.
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  boot:
    description: The folder with boot.img and boot.sig.
    type: path
    required: true
  rootfs:
    description: The folder with root.img and roothash, and perhaps root.img.profile.
    type: path
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Read what is to be published
  farroot.rpi.source_info:
    boot: /srv/farroot/boot/http
    rootfs: /srv/farroot/rootfs
"""

RETURN = r"""
missing:
  description: Files that are not there. If there are any, only this is returned.
  type: list
  elements: str
  returned: always
version:
  description: The name of the version, 16 hex digits.
  type: str
  returned: all files are there
roothash:
  description: The root hash of the image, or an empty string.
  type: str
  returned: all files are there
files:
  description: For each file by its path on the server, its path here (src), its sha256 and its size.
  type: dict
  returned: all files are there
"""

import hashlib
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.farroot.rpi.plugins.module_utils.secrets import refusal, secrets_in


def main():
    module = AnsibleModule(
        argument_spec=dict(boot=dict(type="path", required=True), rootfs=dict(type="path")),
        supports_check_mode=True,
    )
    boot, rootfs = module.params["boot"], module.params["rootfs"]
    needed = [os.path.join(boot, name) for name in ("boot.img", "boot.sig")]
    if rootfs:
        needed += [os.path.join(rootfs, name) for name in ("root.img", "roothash")]
    missing = [path for path in needed if not os.path.isfile(path)]
    if missing:
        module.exit_json(changed=False, missing=missing)
    profile = os.path.join(rootfs, "root.img.profile") if rootfs else None
    try:
        count, found = secrets_in([boot] + ([profile] if profile and os.path.isfile(profile) else []))
        if found:
            module.fail_json(msg=refusal(found))
        roothash = ""
        if rootfs:
            with open(os.path.join(rootfs, "roothash")) as stream:
                roothash = stream.read().strip()
            if not re.match("[0-9a-f]{64}$", roothash):
                module.fail_json(msg="%s/roothash: must have 64 hex digits" % rootfs)
        sources = needed + ([profile] if profile and os.path.isfile(profile) else [])
        digests = {}
        for path in sources:
            digests[os.path.basename(path)] = module.sha256(path)
    except (IOError, OSError) as error:
        module.fail_json(msg="%s: cannot be read: %s" % (error.filename, error.strerror))
    # The root hash says what is in the image.
    text = " ".join("%s=%s" % (name, digests[name]) for name in sorted(digests) if name != "root.img")
    version = hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
    files = {}
    for path in sources:
        name = os.path.basename(path)
        folder = "images/" + roothash if name == "root.img" else "versions/" + version
        files[folder + "/" + name] = {"src": path, "sha256": digests[name], "size": os.path.getsize(path)}
        if name == "root.img.profile":
            # Where a machine looks for it that is told no other place, whatever a channel has by then.
            files["images/" + roothash + "/" + name] = files[folder + "/" + name]
    module.exit_json(changed=False, missing=[], version=version, roothash=roothash, files=files)


if __name__ == "__main__":
    main()
