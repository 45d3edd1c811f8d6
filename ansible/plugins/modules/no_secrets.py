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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.farroot.rpi.plugins.module_utils.secrets import refusal, secrets_in


def main():
    module = AnsibleModule(
        argument_spec=dict(paths=dict(type="list", elements="path", required=True)),
        supports_check_mode=True,
    )
    try:
        count, found = secrets_in(module.params["paths"])
    except (IOError, OSError) as error:
        module.fail_json(msg="%s: cannot be read: %s" % (error.filename, error.strerror))
    if found:
        module.fail_json(msg=refusal(found))
    module.exit_json(changed=False, files=count)


if __name__ == "__main__":
    main()
