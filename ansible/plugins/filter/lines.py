# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Texts for files of a site."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: lines
short_description: The text of a file with one line for each element
description:
  - Each line has an end. An empty list is an empty text.
version_added: 1.0.0
author: The rpi-rescue-netboot authors (!UNKNOWN)
options:
  _input:
    description: The lines.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Two lines
  ansible.builtin.debug:
    msg: "{{ ['vim', 'tmux'] | farroot.rpi.lines }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""


def lines(elements):
    return "".join("%s\n" % element for element in elements)


class FilterModule(object):
    def filters(self):
        return {"lines": lines}
