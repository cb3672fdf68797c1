#!/usr/bin/env python3
"""Portico's gateway beside its peers, on this machine, in one run. `make bench` builds what this needs and calls it.

The honest figure is the processor time of a proxy's whole process tree per request, as a ratio to the base in the same
round; README.md says why, and what is fair and what is not.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from machine import Machine, described
from scenarios import SCENARIOS, UNASKED
from trial import Trial, say

ROOT = Path(__file__).resolve().parents[2]


def cpus(text):
    wanted = {int(number) for number in text.split(",")}
    if not wanted <= os.sched_getaffinity(0):
        raise argparse.ArgumentTypeError(f"{text}: this machine has {sorted(os.sched_getaffinity(0))}")
    return wanted


def read_options():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("scenarios", nargs="*", default=[name for name in SCENARIOS if name not in UNASKED], help="of: " + " ".join(SCENARIOS))
    read.add_argument("--only", type=re.compile, default=re.compile(""), help="contenders whose name matches this")
    read.add_argument("--rounds", type=int, default=5)
    read.add_argument("--seconds", type=int, default=2, help="of each load")
    read.add_argument("--connections", type=int, default=32)
    read.add_argument("--proxy-cpus", type=cpus, default={0}, help="one thread of a proxy each, e.g. 0 or 0,1")
    read.add_argument("--load-cpus", type=cpus, default={1}, help="load generator and upstream")
    read.add_argument("--nice", type=int, default=-10, help="of our own processes; below 0 only for root")
    read.add_argument("--tools", type=Path, default=target / "bench/release", help="built from server/bench")
    read.add_argument("--gateway", type=Path, default=target / "release/examples/bench")
    read.add_argument("--portico", type=Path, default=target / "release/portico")
    read.add_argument("--folder", type=Path, default=target / "bench/run", help="settings, logs, raw output")
    options = read.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        read.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    for path in ("tools", "gateway", "portico", "folder"):
        setattr(options, path, getattr(options, path).resolve())
    return options


def version(*words):
    if not shutil.which(words[0]):
        return f"{words[0]}: not here"
    done = subprocess.run(words, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def main():
    options = read_options()
    if not (options.tools / "upstream").exists():
        sys.exit(f"{options.tools}/upstream is not there: run `make bench`")
    if not shutil.which("wrk"):
        sys.exit("wrk makes the load and is not here; Debian: apt-get install wrk")
    options.folder.mkdir(parents=True, exist_ok=True)
    # 10,000 connections are more than a shell's usual limit.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    machine = Machine(options.folder, options.proxy_cpus, options.load_cpus, options.nice)
    say(f"{time.strftime('%Y-%m-%d %H:%M')}: {described()}")
    say("; ".join([version("nginx", "-v"), version("haproxy", "-v"), version("wrk", "-v")]))
    say(
        f"{options.rounds} rounds of {options.seconds} s, {options.connections} connections; proxies on processors "
        f"{sorted(options.proxy_cpus)} with a thread each, load and upstream on {sorted(options.load_cpus)}"
    )
    # What was started has to end with this, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))
    raw = options.folder / time.strftime("%Y-%m-%d-%H%M%S.json")
    trial = None
    try:
        trial = Trial(machine, options)
        for name in options.scenarios:
            SCENARIOS[name](trial)
    finally:
        machine.stop_all()
        if trial:
            raw.write_text("[\n" + ",\n".join(json.dumps(sample) for sample in trial.samples) + "\n]\n")
            say(f"\nraw output: {raw}")


if __name__ == "__main__":
    main()
