# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# usage: half-a-password.py SECONDS END COMMAND...
# Types half a password at the question of COMMAND, on a terminal of its own, and then ends
# COMMAND.  END is the name of a signal; ctrl-c, which the terminal makes SIGINT; or
# ignored-SIGNAL, which COMMAND ignores, before ctrl-c.  Fails unless the signal ended COMMAND,
# the terminal is as before, and what was typed can no longer be read from it.
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time

deadline = time.monotonic() + float(sys.argv[1])
end, command = sys.argv[2], sys.argv[3:]
ignored = getattr(signal, end[len("ignored-"):]) if end.startswith("ignored-") else None
number = signal.SIGINT if ignored or end == "ctrl-c" else getattr(signal, end)


def start():
    child = os.fork()
    if not child:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for fd in 0, 1, 2:
            os.dup2(terminal, fd)
        for each in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
            signal.signal(each, signal.SIG_IGN if each == ignored else signal.SIG_DFL)
        os.execvp(command[0], command)
    return child


def wait(what, condition):
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited until " + what)
        time.sleep(0.02)


def has_asked():
    global shown
    if select.select([master], [], [], 0)[0]:
        shown += os.read(master, 4096)
    return shown.endswith(b": ")


def has_ended():
    global status
    ended, status = os.waitpid(child, os.WNOHANG)
    return ended


# The terminal stays open here, as in the shell that starts a command.
master, terminal = pty.openpty()
before = termios.tcgetattr(terminal)
shown, status = b"", None
child = start()
wait("the question", has_asked)
if termios.tcgetattr(terminal)[3] & termios.ECHO:
    sys.exit("the echo is on while the password is typed")
os.write(master, b"half a pass")
if ignored:
    os.kill(child, ignored)
if ignored or end == "ctrl-c":
    os.write(master, b"\x03")
else:
    os.kill(child, number)
wait("the end", has_ended)
if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != number:
    sys.exit(f"status {status}, not that of {number}")
if termios.tcgetattr(terminal) != before:
    sys.exit("the terminal is not as before")
os.write(master, b"\n")
left = os.read(terminal, 4096)
if left != b"\n":
    sys.exit(f"left to read: {left}")
