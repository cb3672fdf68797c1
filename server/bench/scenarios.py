"""What is measured. Each scenario is a function of the trial; its first line says what the question is."""

import socket
import statistics
import threading
import time

import machine as os_
import peers
from portico import start_with_apis
from trial import median, ratios, say, table

OURS = ["portico-gateway", "portico"]
OPEN = ["portico-gateway-open", "portico-open"]
GATES = ["nginx+key+limit", "nginx-lua+key+limit+count", "haproxy+key+limit", "pingora+gate", *OURS]
LARGE = 10 * 1024 * 1024


def per_request(trial, scenario, title, base, ups, **load):
    """The table of processor time per request, beside the base in the same round."""
    taken = trial.rounds(scenario, ups, lambda up: trial.measure(up, **load))
    base = taken.get(base) or taken[ups[0].name]
    rows = []
    for up in ups:
        samples = taken[up.name]
        middle, least, most = ratios(samples, base)
        errors = sum(sample["errors"] for sample in samples)
        figures = [median(samples, field) for field in ("cpu_us", "user_us", "system_us", "rps")]
        rows.append([up.name, f"{middle:.2f}", f"{least:.2f}–{most:.2f}", *figures, errors])
    head = ["contender", "CPU ×", "spread", "CPU µs/request", "of it user", "kernel", "requests/s", "errors"]
    table(title, head, rows)


def core(trial):
    """GET of 1 KiB with everything on."""
    ups = trial.all_up(["nginx", "haproxy", "pingora", *GATES])
    per_request(trial, "core", "GET, 1 KiB, keep-alive, saturated (× nginx)", "nginx", ups)
    trial.stop(ups)


def two(trial):
    """The same on two processors, which load and upstream share with the proxies."""
    with trial.on_all_processors():
        ups = trial.all_up(["nginx", "haproxy", *GATES])
        load = {"connections": 2 * trial.options.connections}
        per_request(trial, "two", "GET, 1 KiB, two threads on two processors (× nginx)", "nginx", ups, **load)
        trial.stop(ups)


def post(trial):
    """POST of 4 KiB that comes back."""
    ups = trial.all_up(["nginx", "haproxy", "pingora", *GATES])
    load = {"path": "/bench/echo", "method": "POST", "body": 4096}
    per_request(trial, "post", "POST, 4 KiB there and back (× nginx)", "nginx", ups, **load)
    trial.stop(ups)


def medium(trial):
    """GET of 64 KiB, beside nginx with buffers of that size."""
    ups = trial.all_up(["nginx-big", "nginx", "haproxy", *GATES])
    per_request(trial, "64k", "GET, 64 KiB (× nginx-big)", "nginx-big", ups, path="/bench/64k")
    trial.stop(ups)


def plain(trial):
    """What the whole gate costs within Portico."""
    for full, bare in zip(OURS, OPEN):
        ups = trial.all_up([full, bare])
        if len(ups) == 2:
            per_request(trial, "plain", f"Everything on (× {bare}: an open API without limits)", bare, ups)
        trial.stop(ups)


def routes(trial):
    """One path template against 5,000."""
    compare_sizes(trial, "routes", "path templates", ["nginx+key+limit", *OURS], [1, 5000])


def keys(trial):
    """One key against a million of which 10,000 call."""
    compare_sizes(trial, "keys", "keys", GATES, [1, 1_000_000])


def compare_sizes(trial, what, words, names, sizes):
    rows = []
    for contender in trial.chosen(names):
        ups = [trial.start(contender, **{what: size}, name=f"{contender.name}, {size:,} {words}") for size in sizes]
        sizes_of = dict(zip((up.name for up in ups), sizes))
        fresh = {up.name: os_.memory(up.pid) for up in ups}
        # One template is called by many paths too, so that only their number differs.
        load = (lambda size: {"routes": size}) if what == "routes" else (lambda size: {"keys": size})
        taken = trial.rounds(what, ups, lambda up: trial.measure(up, **load(sizes_of[up.name])))
        for up in ups:
            middle, least, most = ratios(taken[up.name], taken[ups[0].name])
            bytes_each = (fresh[up.name] - fresh[ups[0].name]) * 1024 / sizes_of[up.name]
            errors = sum(sample["errors"] for sample in taken[up.name])
            trial.note(what + "-memory", up.name, pss_kib=fresh[up.name], seconds_to_ready=up.seconds_to_ready)
            rows.append([up.name, f"{middle:.2f}", f"{least:.2f}–{most:.2f}", median(taken[up.name], "cpu_us")])
            rows[-1] += [fresh[up.name] / 1024, bytes_each, up.seconds_to_ready, errors]
        trial.stop(ups)
    head = ["contender", "CPU × itself", "spread", "CPU µs/request", "MiB fresh", "bytes each", "ready after s", "errors"]
    table(f"{sizes[0]:,} or {sizes[1]:,} {words}", head, rows)


def latency(trial):
    """What a proxy adds to the median latency where it is not the bottleneck."""
    ups = trial.all_up(["nginx", "nginx+key+limit", "haproxy+key+limit", "pingora+gate", *OURS])
    rate, seconds = 3000, max(2, trial.options.seconds)

    def sample(up):
        direct = trial.client("paced", trial.upstream_port, "/bench/1k", seconds, rate, connections=16)
        through = trial.client("paced", up.port, "/bench/1k", seconds, rate, connections=16)
        added = {f"added_{part}_us": through[f"{part}_us"] - direct[f"{part}_us"] for part in ("p50", "p99")}
        return {**through, **added}

    taken = trial.rounds("lat", ups, sample)
    rows = []
    for up in ups:
        samples = taken[up.name]
        middle = [sample["added_p50_us"] for sample in samples]
        fields = ("added_p50_us", "added_p99_us", "p50_us", "p99_us")
        rows.append([up.name, *(median(samples, field) for field in fields)])
        rows[-1] += [f"{min(middle):.0f}–{max(middle):.0f}", sum(sample["failed"] for sample in samples)]
    head = ["contender", "added p50 µs", "added p99 µs", "p50 µs", "p99 µs", "spread of added p50", "failed"]
    table(f"Latency at {rate:,} requests a second, 16 connections", head, rows)
    trial.stop(ups)


def large(trial):
    """Bodies of 10 MB, and readers that stop reading."""
    rows = []
    for up in trial.all_up(["nginx", "haproxy", "pingora+gate", *OURS]):
        idle = os_.memory(up.pid, shared=False)
        down, down_peak = with_peak(up, lambda: trial.measure(up, path="/bench/10m", connections=8, seconds=2))
        upload = {"path": "/bench/sink", "method": "POST", "body": LARGE, "connections": 8, "seconds": 2}
        up_, up_peak = with_peak(up, lambda: trial.measure(up, **upload))
        stalled = [call(up, "/bench/10m", read=False) for _ in range(64)]
        time.sleep(1)
        held = os_.memory(up.pid, shared=False)
        for connection in stalled:
            connection.close()
        growth = {"down": down_peak - idle, "up": up_peak - idle, "stalled": held - idle}
        trial.note("large", up.name, idle_kib=idle, growth_kib=growth, down=down, up=up_)
        megabytes = LARGE / 1e6
        rows.append([up.name, down["rps"] * megabytes, down["cpu_us"] / megabytes, up_["rps"] * megabytes])
        rows[-1] += [up_["cpu_us"] / megabytes, idle / 1024, *(kib / 1024 for kib in growth.values())]
        rows[-1].append(down["errors"] + up_["errors"])
        trial.stop([up])
    head = ["contender", "down MB/s", "CPU µs/MB", "up MB/s", "CPU µs/MB", "MiB before"]
    head += ["+ MiB down", "+ MiB up", "+ MiB, 64 stalled", "errors"]
    table("Bodies of 10 MB, 8 at once; then 64 readers that take nothing of theirs", head, rows)


def with_peak(up, run):
    """The result of a run, and the most memory seen meanwhile, in KiB."""
    seen, going = [os_.memory(up.pid, shared=False)], threading.Event()

    def watch():
        while not going.wait(0.05):
            seen.append(os_.memory(up.pid, shared=False))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = run()
    finally:
        going.set()
        watcher.join()
    return result, max(seen)


def call(up, path, read=True):
    """A connection on which one call was made."""
    connection = socket.create_connection(("127.0.0.1", up.port), 10)
    head = f"GET {path} HTTP/1.1\r\nHost: bench.example\r\nX-API-Key: {peers.key(0)}\r\n\r\n"
    connection.sendall(head.encode())
    if read and not connection.recv(65536).startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{up.name} did not answer a call with 200")
    return connection


def idle(trial):
    """What a connection costs that has called once and says nothing."""
    # haproxy wants two descriptors for each connection it may have, more than a process usually gets.
    rows, wanted = [], 10_000
    for up in trial.all_up(["nginx", "pingora+gate", *OURS]):
        before = os_.memory(up.pid)
        connections = []
        try:
            while len(connections) < wanted:
                connections.append(call(up, "/bench/1k"))
        except OSError:
            # It takes no more. Room is made for the load beside them, and the others are measured.
            connections = connections[: -2 * trial.options.connections]
        count = len(connections)
        time.sleep(2)
        after = os_.memory(up.pid)
        beside = trial.measure(up, seconds=1)
        for connection in connections:
            connection.close()
        trial.note("idle", up.name, connections=count, before_kib=before, after_kib=after, beside=beside)
        rows.append([up.name, count, before / 1024, after / 1024, (after - before) / count])
        rows[-1] += [beside["rps"], beside["errors"]]
        trial.stop([up])
    head = ["contender", "connections", "MiB before", "MiB with them", "KiB each", "requests/s beside them", "errors"]
    table("Idle connections", head, rows)


def web_socket(trial):
    """Messages of 64 bytes, there and back."""
    ups = trial.all_up(["nginx", "haproxy", "pingora+gate", *OURS])
    seconds = max(2, trial.options.seconds)

    def sample(up):
        used = sum(os_.cpu(up.pid))
        seen = trial.client("ws", up.port, "/bench/ws", seconds, connections=32)
        trips = max(1, seen["requests"])
        return {**seen, "trips_per_s": trips / seconds, "cpu_us": (sum(os_.cpu(up.pid)) - used) / trips}

    taken = trial.rounds("ws", ups, sample)
    base, rows = taken.get("nginx") or taken[ups[0].name], []
    for up in ups:
        samples = taken[up.name]
        middle, least, most = ratios(samples, base, "trips_per_s")
        rows.append([up.name, median(samples, "trips_per_s"), f"{middle:.2f}", f"{least:.2f}–{most:.2f}"])
        rows[-1] += [median(samples, field) for field in ("cpu_us", "p50_us", "p99_us")]
        rows[-1].append(sum(sample["failed"] for sample in samples))
    head = ["contender", "round trips/s", "× nginx", "spread", "CPU µs/round trip", "p50 µs", "p99 µs", "failed"]
    table("WebSocket, 32 connections, 64 bytes there and back", head, rows)
    trial.stop(ups)


def start(trial):
    """A start with 100 published APIs."""
    if not trial.chosen(["portico"]):
        return
    setup = trial.setup(routes=10)
    seconds, resident = start_with_apis(trial.machine, setup, 100, trial.options.rounds)
    trial.note("start", "portico", seconds_to_ready=seconds, resident_kib=resident)
    head = ["contender", "ready after s", "spread", "MiB resident after 10 s"]
    spread = f"{min(seconds):.2f}–{max(seconds):.2f}"
    row = ["portico", f"{statistics.median(seconds):.2f}", spread, resident / 1024]
    table("Start with 100 APIs of 16 operations, 1,000 keys", head, [row])


def profile(trial):
    """Where the time of a call goes, by `perf`; not among those that run unasked."""
    for up in trial.all_up(OURS):
        say(f"\n### Profile of {up.name}, GET, 1 KiB\n\n```")
        say(trial.perf(up))
        say("```")
        trial.stop([up])


SCENARIOS = {
    "core": core,
    "two": two,
    "post": post,
    "64k": medium,
    "plain": plain,
    "routes": routes,
    "keys": keys,
    "lat": latency,
    "large": large,
    "idle": idle,
    "ws": web_socket,
    "start": start,
    "profile": profile,
}
UNASKED = ["profile"]
