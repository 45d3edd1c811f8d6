#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Reads what is published, what a new version needs, and what can be deleted after the switch."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: published_info
short_description: Read what is published, and plan the next version
description:
  - Reads the versions, images and channels in the folder of the web server.
  - Plans which files are to be copied for a new version, and what can be deleted when the channel leads to it.
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  root:
    description: The folder that the web server shows.
    type: path
    required: true
  channel:
    description: The channel that is to be switched.
    type: str
    required: true
  version:
    description: The new version.
    type: str
    default: ""
  files:
    description: The files of the new version, as source_info returns them.
    type: dict
    default: {}
  keep:
    description: How many versions are kept, at least.
    type: int
    default: 2
  keep_days:
    description: Younger versions are kept, too.
    type: int
    default: 0
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Read what is published
  farroot.rpi.published_info:
    root: /srv/www/farroot
    channel: pi
"""

RETURN = r"""
current:
  description: The version that the channel leads to, or an empty string.
  type: str
  returned: always
previous:
  description: The version before, or an empty string.
  type: str
  returned: always
blocked:
  description: Something that is no link of ours has the name of the channel.
  type: bool
  returned: always
versions:
  description: The versions that are complete, the oldest first.
  type: list
  elements: str
  returned: always
to_copy:
  description: The files that are missing or different on the server.
  type: list
  elements: str
  returned: always
to_delete:
  description: Folders that can be deleted after the switch.
  type: list
  elements: str
  returned: always
free_bytes:
  description: The free space for ordinary users.
  type: int
  returned: always
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule


def folders_in(path):
    if not os.path.isdir(path):
        return []
    names = [name for name in os.listdir(path) if not os.path.islink(os.path.join(path, name))]
    return sorted(name for name in names if os.path.isdir(os.path.join(path, name)))


def links_in(root):
    """{link: version} of all channels."""
    links = {}
    for name in os.listdir(root) if os.path.isdir(root) else []:
        path = os.path.join(root, name)
        if os.path.islink(path) and os.readlink(path).startswith("versions/"):
            links[name] = os.readlink(path)[len("versions/"):].rstrip("/")
    return links


def versions_of_devices(root):
    """The versions that the role fleet has single devices boot, or can go back to."""
    folder = os.path.join(root, "devices")
    paths = [os.path.join(folder, name) for name in (os.listdir(folder) if os.path.isdir(folder) else [])]
    targets = [os.readlink(path).rstrip("/") for path in paths if os.path.islink(path)]
    return set(os.path.basename(target) for target in targets if target.startswith("../versions/"))


def free_bytes(path):
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    stat = os.statvfs(path)
    return stat.f_bavail * stat.f_frsize


def roothash_of(root, version):
    try:
        with open(os.path.join(root, "versions", version, "roothash")) as stream:
            return stream.read().strip()
    except (IOError, OSError):
        return None


def to_delete(params, links, roothashes):
    """What no channel leads to and is old, when the channel leads to the new version."""
    root, new = params["root"], params["version"]
    old = links.get(params["channel"])
    if old and old != new:
        links = dict(links, **{params["channel"] + ".previous": old})
    needed = set(version for link, version in links.items() if link != params["channel"]) | set([new]) | versions_of_devices(root)
    ages = {}
    for version in folders_in(os.path.join(root, "versions")):
        ages[version] = time.time() - os.stat(os.path.join(root, "versions", version)).st_mtime
    ages.setdefault(new, 0)
    newest = sorted(ages, key=lambda version: ages[version])
    gone = [version for version in newest[params["keep"]:]
            if version not in needed and ages[version] > params["keep_days"] * 86400]
    images = set(roothash_of(root, version) for version in ages if version not in gone) | roothashes
    return (["versions/" + version for version in sorted(gone)]
            + ["images/" + image for image in folders_in(os.path.join(root, "images")) if image not in images])


def main():
    module = AnsibleModule(
        argument_spec=dict(
            root=dict(type="path", required=True),
            channel=dict(type="str", required=True),
            version=dict(type="str", default=""),
            files=dict(type="dict", default={}),
            keep=dict(type="int", default=2),
            keep_days=dict(type="int", default=0),
        ),
        supports_check_mode=True,
    )
    params = module.params
    root, files = params["root"], params["files"]
    links = links_in(root)
    versions = [name for name in folders_in(os.path.join(root, "versions"))
                if os.path.isfile(os.path.join(root, "versions", name, "boot.sig"))]
    copy = []
    for name, wanted in files.items():
        path = os.path.join(root, name)
        if not os.path.isfile(path) or os.path.getsize(path) != wanted["size"] or module.sha256(path) != wanted["sha256"]:
            copy.append(name)
    delete = []
    if params["version"]:
        roothashes = set(name.split("/")[1] for name in files if name.startswith("images/"))
        delete = to_delete(params, links, roothashes)
    channel = os.path.join(root, params["channel"])
    module.exit_json(
        changed=False,
        current=links.get(params["channel"], ""),
        previous=links.get(params["channel"] + ".previous", ""),
        blocked=os.path.lexists(channel) and params["channel"] not in links,
        versions=sorted(versions, key=lambda name: os.stat(os.path.join(root, "versions", name)).st_mtime),
        to_copy=sorted(copy),
        to_delete=delete,
        free_bytes=free_bytes(root),
    )


if __name__ == "__main__":
    main()
