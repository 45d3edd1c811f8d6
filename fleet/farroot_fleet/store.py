# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""What is kept between two runs, in SQLite. One process at a time writes: the lock comes first."""
import contextlib
import fcntl
import json
import os
import sqlite3
import time

from farroot_fleet.config import Refused

LAYOUT = 1
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE devices (
  serial TEXT PRIMARY KEY, name TEXT NOT NULL, stage TEXT NOT NULL, has_key INTEGER NOT NULL DEFAULT 0,
  target TEXT NOT NULL DEFAULT '', before TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  rescue INTEGER NOT NULL DEFAULT 0,
  boot_version TEXT NOT NULL DEFAULT '', boot_time REAL NOT NULL DEFAULT 0, booting INTEGER NOT NULL DEFAULT 0,
  announced INTEGER NOT NULL DEFAULT 0, boots INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  healthy_version TEXT NOT NULL DEFAULT '', healthy_time REAL NOT NULL DEFAULT 0, beacon_time REAL NOT NULL DEFAULT 0,
  challenge INTEGER NOT NULL DEFAULT 0, address TEXT NOT NULL DEFAULT '', board TEXT NOT NULL DEFAULT '',
  loader TEXT NOT NULL DEFAULT '', phase TEXT NOT NULL DEFAULT '', percent INTEGER NOT NULL DEFAULT -1,
  eta INTEGER NOT NULL DEFAULT -1, fault TEXT NOT NULL DEFAULT '', fault_time REAL NOT NULL DEFAULT 0);
CREATE TABLE seen (digest TEXT PRIMARY KEY, challenge INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE events (time REAL NOT NULL, device TEXT NOT NULL, text TEXT NOT NULL);
"""
EVENTS_KEPT = 10000


@contextlib.contextmanager
def locked(folder, wait_s):
    """The lock of the folder. Yields False if another process still has it after wait_s seconds."""
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused("%s: %s; run this as root, and see that the disk is not full" % (folder, error.strerror))
    deadline = time.monotonic() + wait_s
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.1)
                    continue
                yield False
                return
            break
        yield True
    finally:
        os.close(lock)


class Store:
    def __init__(self, folder, readonly=False):
        path = os.path.join(folder, "fleet.db")
        if readonly:
            if not os.access(path, os.R_OK):
                raise Refused("%s: %s" % (path, "run this as root" if os.path.isdir(folder) and not os.access(folder, os.X_OK)
                                          else "is not there; farroot fleet update makes it"))
            # Not immutable: a run may be at work.
            self.db = sqlite3.connect("file:%s?mode=ro" % path.replace("%", "%25").replace("?", "%3f"), uri=True, timeout=30,
                                      isolation_level=None)
        else:
            self.db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self.db.execute("PRAGMA synchronous=FULL")
        self.db.row_factory = sqlite3.Row
        self.prepare(path, readonly)

    def prepare(self, path, readonly):
        layout = self.db.execute("PRAGMA user_version").fetchone()[0]
        if layout == 0 and not readonly:
            # One transaction, so that half a layout never stays.
            self.db.executescript("BEGIN IMMEDIATE;%sPRAGMA user_version=%d;COMMIT;" % (TABLES, LAYOUT))
        elif layout != LAYOUT:
            raise Refused("%s: has the layout %d, and this program knows %d: use the newer package farroot-fleet" % (path, layout, LAYOUT))

    @contextlib.contextmanager
    def transaction(self, keep=True):
        """All or nothing; nothing if keep is false."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT" if keep else "ROLLBACK")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def get(self, key, default=None):
        row = self.db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return json.loads(row[0]) if row else default

    def put(self, key, value):
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def devices(self):
        """{serial: dict}, in the order of names."""
        return {row["serial"]: dict(row) for row in self.db.execute("SELECT * FROM devices ORDER BY name")}

    def save_devices(self, devices):
        have = self.devices()
        for serial in set(have) - set(devices):
            self.db.execute("DELETE FROM devices WHERE serial=?", (serial,))
        for serial, device in devices.items():
            if have.get(serial) != device:
                self.db.execute("INSERT OR REPLACE INTO devices (%s) VALUES (%s)" % (", ".join(device), ", ".join("?" * len(device))),
                                tuple(device.values()))

    def new_device(self, serial, name, stage):
        """As a dict with all columns; it is not saved."""
        self.db.execute("INSERT INTO devices (serial, name, stage) VALUES (?, ?, ?)", (serial, name, stage))
        return dict(self.db.execute("SELECT * FROM devices WHERE serial=?", (serial,)).fetchone())

    def is_new(self, digest, challenge):
        """False if a message with this digest was there before."""
        return self.db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, challenge)).rowcount == 1

    def forget_seen(self, oldest):
        self.db.execute("DELETE FROM seen WHERE challenge<?", (oldest,))

    def add_events(self, events):
        self.db.executemany("INSERT INTO events VALUES (?, ?, ?)", events)
        if events:
            self.db.execute("DELETE FROM events WHERE rowid <= (SELECT max(rowid) FROM events) - ?", (EVENTS_KEPT,))

    def events(self, most):
        rows = self.db.execute("SELECT * FROM events ORDER BY rowid DESC LIMIT ?", (most,)).fetchall()
        return [dict(row) for row in reversed(rows)]
