# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The servers of bench/fleet: an origin, and site caches that the role site_cache configures; and what their logs say."""

import collections
import json
import os
import socket
import subprocess
import sys
import time

from testbed import TOP

ORIGIN_LOG = "'$msec $connection $status $body_bytes_sent $uri $http_range'"
START_S = 20
Need = collections.namedtuple("Need", "bytes boot_bytes requests connections peak refused")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Nginx:
    """One nginx with its files in a folder."""

    def __init__(self, folder, port, http):
        self.folder, self.port, self.process = folder, port, None
        self.address, self.url = ("127.0.0.1", port), f"http://127.0.0.1:{port}"
        os.makedirs(f"{folder}/tmp", exist_ok=True)
        self.conf = f"{folder}/nginx.conf"
        user = "user root;" if os.getuid() == 0 else ""
        temps = "".join(f"{kind}_temp_path {folder}/tmp/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(f"daemon off; pid {folder}/pid; {user} worker_processes 2; error_log {folder}/error.log;"
                       f"events {{ worker_connections 8192; }}\nhttp {{ {temps}\n{http}\n}}\n")

    def start(self):
        self.process = subprocess.Popen(["nginx", "-p", self.folder, "-e", f"{self.folder}/error.log", "-c", self.conf],
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        until = time.monotonic() + START_S
        while not is_listening(self.port):
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit(f"bench/fleet: nginx does not start; see {self.folder}/error.log")
            time.sleep(0.02)

    def stop(self):
        """At once; what clients read breaks off.  Its log is complete then."""
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


class Origin(Nginx):
    """Serves www as the role publish does.  With a limit, it refuses requests for images above that rate, and those may be sent
    again after retry_after_s."""

    def __init__(self, folder, www):
        self.log, self.www = f"{folder}/access.log", www
        super().__init__(folder, free_port(), "")
        self.configure()

    def configure(self, limit=0, retry_after_s=0):
        zone = images = ""
        if limit:
            zone = f"limit_req_zone $server_name zone=images:1m rate={limit}r/s; limit_req_status 503; limit_req_log_level info;"
            images = (f"location /images/ {{ limit_req zone=images burst={limit * max(1, retry_after_s)} nodelay; error_page 503 @busy; }}"
                      f"location @busy {{ add_header Retry-After {retry_after_s} always; return 503; }}")
        super().__init__(self.folder, self.port,
                         f"log_format need {ORIGIN_LOG}; access_log {self.log} need; default_type application/octet-stream;"
                         f"sendfile on; tcp_nopush on; keepalive_requests 100000; lingering_close off; {zone}"
                         f"server {{ listen 127.0.0.1:{self.port} backlog=4096; server_name origin; root {self.www}; {images} }}")

    def start(self):
        with open(self.log, "w", encoding="ascii"):
            pass
        super().start()

    def need(self):
        return need_of(self.log)


def lines_of(log):
    """(time, connection, status, bytes, path, range) for each request in the log of an origin."""
    with open(log, encoding="ascii", errors="replace") as file:
        for line in file:
            words = line.split()
            # A probe that sends nothing has no path.
            if len(words) == 6 and words[4] != "-":
                yield float(words[0]), words[1], int(words[2]), int(words[3]), words[4], words[5]


def need_of(log):
    """What the origin had to send, and to whom."""
    body = boot = requests = refused = 0
    connections, seconds = set(), collections.Counter()
    for at, connection, status, sent, path, _ in lines_of(log):
        requests += 1
        refused += status in (429, 503)
        connections.add(connection)
        seconds[int(at)] += 1
        if status in (200, 206):
            body += sent
            boot += sent if path.endswith("/boot.img") else 0
    return Need(body, boot, requests, len(connections), max(seconds.values(), default=0), refused)


class Site(Nginx):
    """A cache in front of the origin."""

    def __init__(self, folder):
        self.cache = f"{folder}/cache"
        self.logs = f"{folder}/logs"
        for name in ("conf.d", "bin", "units", "logs", "cache"):
            os.makedirs(f"{folder}/{name}", exist_ok=True)
        super().__init__(folder, free_port(), f"access_log off; include {folder}/conf.d/*.conf;")
        self.local_port = free_port()

    def variables(self, origin):
        """What the role site_cache is given."""
        return {"site_cache_origin": origin.url, "site_cache_listen": [f"127.0.0.1:{self.port} backlog=4096"],
                "site_cache_local_port": self.local_port, "site_cache_folder": self.cache, "site_cache_size": "4g",
                "site_cache_min_free": "1m", "site_cache_log_folder": self.logs, "site_cache_nginx_folder": f"{self.folder}/conf.d",
                "site_cache_nginx_test": ["nginx", "-t", "-q", "-c", self.conf], "site_cache_program": f"{self.folder}/bin/farroot-site-cache",
                "site_cache_units": f"{self.folder}/units", "site_cache_channels": [], "site_cache_install": False,
                "site_cache_manage_service": False}

    def sent(self):
        """The bytes that machines got, by the cache's own log."""
        total = 0
        for name in os.listdir(self.logs):
            if name.startswith("farroot-cache-") and not name.endswith("-error.log"):
                with open(f"{self.logs}/{name}", encoding="ascii", errors="replace") as file:
                    for words in map(str.split, file):
                        total += int(words[4]) if words[2] in ("200", "206") else 0
        return total

    def forget_log(self):
        for name in os.listdir(self.logs):
            os.unlink(f"{self.logs}/{name}")

    def empty(self):
        """To be called while it is stopped."""
        for folder, _, names in os.walk(self.cache):
            if "/slices" in folder:
                for name in names:
                    os.unlink(f"{folder}/{name}")


def make_sites(folder, count, origin):
    """Caches that the role has configured, all by one playbook; the origin must run, and they do not run yet."""

    sites = [Site(f"{folder}/site{number}") for number in range(1, count + 1)]
    collections_folder = f"{folder}/collections"
    os.makedirs(f"{collections_folder}/ansible_collections/farroot", exist_ok=True)
    os.symlink(f"{TOP}/ansible", f"{collections_folder}/ansible_collections/farroot/rpi")
    hosts = {f"site{number}": site.variables(origin) for number, site in enumerate(sites, 1)}
    with open(f"{folder}/inventory.json", "w", encoding="utf-8") as file:
        json.dump({"all": {"hosts": hosts, "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}, file)
    with open(f"{folder}/playbook.yml", "w", encoding="utf-8") as file:
        file.write("- hosts: all\n  gather_facts: false\n  roles: [farroot.rpi.site_cache]\n")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections_folder, "ANSIBLE_HOME": f"{folder}/ansible",
                   "ANSIBLE_LOCAL_TEMP": f"{folder}/ansible/tmp", "ANSIBLE_REMOTE_TMP": f"{folder}/ansible/tmp",
                   "ANSIBLE_CONFIG": f"{folder}/ansible.cfg", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
                   "PATH": os.environ["PATH"] + ":/usr/sbin"}
    with open(f"{folder}/ansible.cfg", "w", encoding="ascii"):
        pass
    with open(f"{folder}/playbook.log", "wb") as log:
        if subprocess.run(["ansible-playbook", "-i", f"{folder}/inventory.json", f"{folder}/playbook.yml"], stdin=subprocess.DEVNULL,
                          stdout=log, stderr=log, env=environment, check=False).returncode:
            sys.exit(f"bench/fleet: the role site_cache fails; see {folder}/playbook.log")
    return sites
