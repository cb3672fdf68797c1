"""One run of the bench: contenders that are up, loads upon them, rounds, and what is written down of them."""

import http.client
import json
import statistics
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import machine as os_
import peers

HERE = Path(__file__).parent


@dataclass
class Up:
    """A contender that runs."""

    name: str
    gate: bool
    pid: int
    port: int
    setup: peers.Setup
    process: object
    seconds_to_ready: float


class Trial:
    def __init__(self, machine, options):
        self.machine, self.options = machine, options
        self.samples, self.said_missing = [], set()
        self.start_upstream()

    def start_upstream(self):
        self.upstream_port = os_.free_port()
        argv = [self.options.tools / "upstream", self.upstream_port, len(self.machine.load_cpus)]
        self.upstream = self.machine.start("upstream", argv, self.machine.load_cpus)
        os_.wait_until("the upstream", lambda: os_.listens(self.upstream_port))

    @contextmanager
    def on_all_processors(self):
        """Proxies, load and upstream share what they have apart otherwise."""
        machine = self.machine
        apart = machine.proxy_cpus, machine.load_cpus
        machine.proxy_cpus = machine.load_cpus = machine.proxy_cpus | machine.load_cpus
        self.machine.stop(self.upstream)
        self.start_upstream()
        yield
        machine.proxy_cpus, machine.load_cpus = apart
        self.machine.stop(self.upstream)
        self.start_upstream()

    # Contenders

    def chosen(self, names):
        """Those of these contenders that are wanted and there. What is not there is named once, with the way to it."""
        found = []
        for contender in peers.CONTENDERS:
            if contender.name not in names or not self.options.only.search(contender.name):
                continue
            how = contender.missing(self.setup())
            if how is None:
                found.append(contender)
            elif contender.name not in self.said_missing:
                self.said_missing.add(contender.name)
                say(f"\nskipped: {contender.name} is not here; {how}")
        return found

    def setup(self, keys=1000, routes=1):
        o = self.options
        return peers.Setup(
            port=os_.free_port(),
            upstream=f"127.0.0.1:{self.upstream_port}",
            workers=len(self.machine.proxy_cpus),
            keys=keys,
            routes=routes,
            folder=self.machine.folder,
            tools=o.tools,
            gateway=o.gateway,
            portico=o.portico,
        )

    def start(self, contender, keys=1000, routes=1, name=None):
        """Up, warm, and known to refuse who has no key."""
        setup = self.setup(keys, routes)
        env = contender.prepare(self.machine, setup)
        argv = contender.argv(setup)
        begun = time.monotonic()
        process = self.machine.proxy(contender.name, argv, env)
        try:
            # The last key too: some answer while they are still reading keys in.
            known = [peers.key(0), peers.key(keys - 1)]
            answers = lambda: process.poll() is not None or all(status(setup.port, key) == 200 for key in known)
            os_.wait_until(contender.name, answers, 60)
            if process.poll() is not None:
                raise RuntimeError(f"{contender.name} ended at once; its log is beside the raw output")
            seconds = time.monotonic() - begun
            if contender.gate and (refused := status(setup.port, None)) not in (401, 403):
                raise RuntimeError(f"{contender.name} answers {refused} to a call without a key")
        except RuntimeError:
            self.machine.stop(process)
            raise
        up = Up(name or contender.name, contender.gate, process.pid, setup.port, setup, process, seconds)
        self.wrk(up, seconds=1)
        return up

    def all_up(self, names, **how):
        """All of these that start; what does not is named, and the others are measured."""
        ups = []
        for contender in self.chosen(names):
            try:
                ups.append(self.start(contender, **how))
            except RuntimeError as error:
                say(f"\nskipped: {error}")
        return ups

    def stop(self, ups):
        for up in ups:
            self.machine.stop(up.process)

    # Loads

    def wrk(self, up, path="/bench/1k", method="GET", body=0, keys=1, routes=0, connections=None, seconds=None):
        seconds = seconds or self.options.seconds
        words = ["wrk", f"-t{len(self.machine.load_cpus)}", f"-c{connections or self.options.connections}"]
        words += [f"-d{seconds}s", "--timeout", "20s", "-s", HERE / "load.lua", f"http://127.0.0.1:{up.port}", "--"]
        words += [method, path, body, up.setup.key_file(), keys, routes]
        return json.loads(self.machine.load(words, seconds).strip().splitlines()[-1])

    def measure(self, up, **load):
        """One load, and the processor time of it per request."""
        user, system = os_.cpu(up.pid)
        seen = self.wrk(up, **load)
        user_after, system_after = os_.cpu(up.pid)
        requests = max(1, seen["requests"])
        seen["user_us"] = (user_after - user) / requests
        seen["system_us"] = (system_after - system) / requests
        seen["cpu_us"] = seen["user_us"] + seen["system_us"]
        seen["rps"] = seen["requests"] / (seen["micros"] / 1e6)
        seen["errors"] = seen["refused"] + seen["broken"]
        return seen

    def client(self, kind, port, path, seconds, *more, connections):
        words = [self.options.tools / "client", kind, port, path, peers.key(0), connections, seconds, *more]
        return json.loads(self.machine.load(words, seconds))

    def perf(self, up):
        """What perf sees of a process under the load of `core`: first by library, then by function."""
        data = self.machine.folder / "perf.data"
        load = threading.Thread(target=self.wrk, args=(up,), kwargs={"seconds": 5})
        load.start()
        time.sleep(1)
        record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "5000", "-g", "-o", data, "-p", up.pid]
        self.machine.load([*record, "--", "sleep", "3"], 5)
        load.join()
        report = ["perf", "report", "--stdio", "-q", "--no-children", "-g", "none", "-i", data]
        by = lambda *how: self.machine.load([*report, *how], 60).strip()
        return by("--sort", "dso", "--percent-limit", "0.5") + "\n\n" + by("--sort", "dso,sym", "--percent-limit", "0.3")

    # Rounds

    def rounds(self, scenario, ups, sample, rounds=None):
        """A sample of each in turn, and the next round in the opposite order, so that a machine that grows slower
        does not do it to the same ones. Gives each contender's samples in the order of the rounds."""
        taken = {up.name: [] for up in ups}
        for number in range(rounds or self.options.rounds):
            for up in ups if number % 2 == 0 else ups[::-1]:
                seen = sample(up)
                taken[up.name].append(seen)
                self.samples.append({"scenario": scenario, "round": number + 1, "contender": up.name, **seen})
        return taken

    def note(self, scenario, contender, **seen):
        """A sample that is taken once."""
        self.samples.append({"scenario": scenario, "round": 1, "contender": contender, **seen})


def status(port, key, path="/bench/1k"):
    """The status of one call, or 0 when there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"X-API-Key": key} if key else {})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def median(samples, field):
    return statistics.median(sample[field] for sample in samples)


def ratios(samples, base, field="cpu_us"):
    """Median, least and greatest ratio to the base in the same round."""
    each = [a[field] / b[field] for a, b in zip(samples, base) if b[field]]
    return (statistics.median(each), min(each), max(each)) if each else (float("nan"),) * 3


def say(text):
    print(text)
    sys.stdout.flush()


def table(title, head, rows):
    """A table in Markdown, as it is published."""

    def cell(value):
        if isinstance(value, float):
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    say(f"\n### {title}\n")
    say("| " + " | ".join(head) + " |")
    say("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        say("| " + " | ".join(cell(value) for value in row) + " |")
