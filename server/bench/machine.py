"""Processes: started where they belong, and what they used of processor and memory."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
AUTOGROUP = Path("/proc/self/autogroup")


class Machine:
    """Which processors proxies and load have, and everything that was started, so that all of it is ended."""

    def __init__(self, folder, proxy_cpus, load_cpus, nice):
        self.folder, self.proxy_cpus, self.load_cpus, self.nice = folder, proxy_cpus, load_cpus, nice
        self.started = []

    def place(self, cpus):
        """Runs in the new process. It has a session of its own, and with the kernel's autogroups only the session's
        weight counts against other sessions, whatever `nice` says. Not allowed to everyone; the report says how it is."""

        def placed():
            os.sched_setaffinity(0, cpus)
            try:
                AUTOGROUP.write_text(str(self.nice))
                os.nice(self.nice)
            except OSError:
                pass

        return placed

    def proxy(self, name, argv, env=None):
        return self.start(name, argv, self.proxy_cpus, env)

    def start(self, name, argv, cpus, env=None):
        log = open(self.folder / f"{name}.log", "ab")
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=self.place(cpus),
        )
        self.started.append(process)
        return process

    def load(self, argv, seconds):
        """Runs a load generator to its end and gives what it printed."""
        done = subprocess.run(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            start_new_session=True,
            preexec_fn=self.place(self.load_cpus),
        )
        if done.returncode != 0:
            raise RuntimeError(f"{argv[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def stop(self, process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process in self.started:
            self.started.remove(process)

    def stop_all(self):
        for process in list(self.started):
            self.stop(process)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, ready, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.005)
    raise RuntimeError(f"{what} was not ready after {seconds} s; its log is beside the raw output")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def stat(pid):
    """Fields of /proc/PID/stat behind the command's name, which may hold anything."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def tree(root):
    """The process and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(stat(entry)[1]), []).append(int(entry))
            except (OSError, ValueError):
                continue
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def cpu(root):
    """Microseconds of processor a process tree has used: in user space, and in the kernel."""
    user = system = 0
    for pid in tree(root):
        try:
            fields = stat(pid)
        except OSError:
            continue
        user += int(fields[11])
        system += int(fields[12])
    return user * 1e6 / TICKS, system * 1e6 / TICKS


def memory(root, shared=True):
    """KiB: proportional set size, or (cheaper, for sampling) the plain resident size."""
    name, field = ("smaps_rollup", "Pss:") if shared else ("status", "VmRSS:")
    total = 0
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/{name}").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(field))
    return total


def described():
    """What a reader of the figures must know of the machine."""
    model = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    try:
        group = AUTOGROUP.read_text().strip()
    except OSError:
        group = "none"
    load = " ".join(open("/proc/loadavg").read().split()[:3])
    return f"{model}, {os.cpu_count()} processors, Linux {os.uname().release}, load {load}, autogroup {group}"
