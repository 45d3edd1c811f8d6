# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Reads what a web server logs of a fleet, and decides which version each machine boots.

The calls go down this list only:

  main      the commands
  commands  roll out, stop, roll back, rescue
  work      one run: reads the log, decides, saves, switches the links
  show      table, JSON, metrics
  decide    what a boot or a beacon means, when a roll-out goes on or stops; no input, no output
  beacon    which signed messages count
  weblog    the lines of the log, across its rotation
  tree      the folder that the web server shows
  store     what is kept, in SQLite
  config    the configuration
"""
