# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The commands of farroot fleet."""
import os
import re
import sqlite3
import sys

from farroot_fleet import commands, config, show, store, tree, work

USAGE_STATUS = 2
LOCK_WAIT_S = 60
HELP = """\
Usage: farroot fleet [COMMAND] [OPTION]... [DEVICE]...
Decides which version each machine of a fleet boots, and shows how they are.

  (none)      show the fleet
  update      read the log of the web server, decide, switch links
  rollout     [VERSION]: bring a version to one group after another
  stop        [REASON]: stop the roll-out; what is not healthy goes back
  rollback    DEVICE...: back to the version before, or to --to=VERSION
  rescue      DEVICE...: boot the rescue system from the next start on
  normal      DEVICE...: boot the usual version again
  log         what has happened

  --json         show the fleet as JSON
  --prometheus   show the fleet as metrics
  --to=GROUP     rollout: to this group; default: all
  --to=VERSION   rollback: to this version
  --again        rollout: also a version that was stopped
  --unproven     rollout: go on to the next group though no device of it
                 has proven by a signed beacon that it is healthy
  --dry-run      change nothing, and say what would be changed
  --config=FILE  default: %s
  --help         show this
""" % config.DEFAULT
# Command: options that it takes.
COMMANDS = {
    "": ("json", "prometheus"), "update": (), "log": (), "stop": ("dry-run",), "rollout": ("to", "again", "unproven", "dry-run"),
    "rollback": ("to", "dry-run"), "rescue": ("dry-run",), "normal": ("dry-run",),
}
WITH_VALUE = ("to", "config")


class Usage(Exception):
    pass


def parse(argv):
    """(command, options, arguments)"""
    options, words = {}, []
    for word in argv:
        if word in ("--help", "-h"):
            options["help"] = True
        elif word.startswith("-"):
            match = re.match(r"--([a-z-]+)(?:=(.+))?\Z", word, re.S)
            if not match or (match.group(1) in WITH_VALUE) != (match.group(2) is not None):
                raise Usage("%s: no such option, or its value is missing" % word)
            options[match.group(1)] = match.group(2) or True
        else:
            words.append(word)
    command = words[0] if words else ""
    if command not in COMMANDS:
        raise Usage("%s: no such command" % command)
    for option in options:
        if option not in ("help", "config") + COMMANDS[command]:
            raise Usage("--%s: no such option%s" % (option, " of " + command if command else ""))
    if "json" in options and "prometheus" in options:
        raise Usage("--json and --prometheus cannot be used together")
    if command in ("rollback", "rescue", "normal") and len(words) < 2:
        raise Usage("%s: name the devices" % command)
    if len(words) > 1 + {"rollout": 1, "stop": 1}.get(command, 0 if command in ("", "update", "log") else len(words)):
        raise Usage("%s: too many arguments" % (command or words[0]))
    return command, options, words[1:]


def open_to_show(known):
    try:
        return store.Store(known.state, readonly=True)
    except sqlite3.OperationalError:
        # A run was interrupted: SQLite first completes its files.
        return store.Store(known.state)


def show_fleet(known, options):
    with_store = open_to_show(known)
    how = show.as_json if "json" in options else show.as_prometheus if "prometheus" in options else show.table
    sys.stdout.write(how(with_store, known))


def show_log(known):
    from datetime import datetime
    for event in open_to_show(known).events(1000):
        when = datetime.fromtimestamp(event["time"]).astimezone().isoformat(timespec="seconds")
        print("%s  %s%s" % (when, event["device"] + ": " if event["device"] else "", event["text"]))


def update(known):
    with store.locked(known.state, 0) as mine:
        if not mine:
            print("another run is at work")
            return
        with_store = store.Store(known.state)
        work.Run(known, with_store).update()
        if known.metrics and os.path.isdir(known.metrics):
            tree.write_file(os.path.join(known.metrics, "farroot-fleet.prom"), show.as_prometheus(with_store, known))


def change(known, command, options, words):
    actions = {
        "rollout": lambda run: commands.roll_out(run, words[0] if words else "", options.get("to", ""), "again" in options, "unproven" in options),
        "stop": lambda run: commands.stop(run, words[0] if words else "it was stopped by hand"),
        "rollback": lambda run: commands.roll_back(run, words, options.get("to", "")),
        "rescue": lambda run: commands.set_rescue(run, words, True),
        "normal": lambda run: commands.set_rescue(run, words, False),
    }
    with store.locked(known.state, LOCK_WAIT_S) as mine:
        if not mine:
            raise config.Refused("another run is at work for more than %d seconds; nothing was changed" % LOCK_WAIT_S)
        run = work.Run(known, store.Store(known.state), "dry-run" not in options)
        if not run.change(actions[command]):
            print("nothing to do")


def run_command(command, options, words):
    known = config.read(options.get("config", config.DEFAULT))
    if command == "":
        show_fleet(known, options)
    elif command == "log":
        show_log(known)
    elif command == "update":
        update(known)
    else:
        change(known, command, options, words)


def main(argv):
    os.umask(0o022)
    try:
        command, options, words = parse(argv)
        if "help" in options:
            sys.stdout.write(HELP)
            return 0
        run_command(command, options, words)
        sys.stdout.flush()
        return 0
    except Usage as error:
        print("farroot fleet: %s\nTry 'farroot fleet --help'." % error, file=sys.stderr)
        return USAGE_STATUS
    except config.Refused as error:
        print("farroot fleet: %s" % error, file=sys.stderr)
    except sqlite3.Error as error:
        print("farroot fleet: %s/fleet.db: %s; nothing was changed. Is the disk full?" % (known_state(argv), error), file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        print("farroot fleet: %s: %s; the next run goes on from here" % (error.filename or "a file", error.strerror), file=sys.stderr)
    return 1


def known_state(argv):
    path = [word[len("--config="):] for word in argv if word.startswith("--config=")]
    return config.read(path[-1] if path else config.DEFAULT).state
