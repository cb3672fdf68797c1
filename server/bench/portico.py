"""Portico as it is installed: a database, an API published through the management API, keys by `portico key import`."""

import http.client
import json
import os
import shutil
import subprocess
import time

import machine as os_

EMAIL = "bench@portico.example"
FIXED = [("get", "/1k"), ("get", "/64k"), ("get", "/10m"), ("get", "/ws"), ("post", "/echo"), ("post", "/sink")]
PLAN = {
    "plan": "wide",
    "name": "Wide",
    "rate": {"limit": 1_000_000, "per": "second", "burst": 1_000_000},
    "quota": {"limit": 1_000_000_000_000, "per": "month"},
    "approval": "auto",
}


def document(routes):
    """An OpenAPI document with so many templates beside the fixed paths."""
    paths = {path: {method: operation([])} for method, path in FIXED}
    for number in range(routes):
        paths[f"/v1/s{number}/users/{{id}}/orders/{{order}}"] = {"get": operation(["id", "order"])}
    return {"openapi": "3.1.0", "info": {"title": "Bench", "version": "1.0.0"}, "paths": paths}


def operation(parameters):
    named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters]
    return {"parameters": named, "responses": {"200": {"description": "What was asked for"}}}


class House:
    """One installation with a folder of its own."""

    def __init__(self, setup):
        self.setup = setup
        self.folder = setup.folder / f"portico-{setup.port}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.portal, self.operations = os_.free_port(), os_.free_port()
        self.env = {
            "PORTICO_DATA_DIR": str(self.folder),
            "PORTICO_GATEWAY_LISTEN": f"127.0.0.1:{setup.port}",
            "PORTICO_GATEWAY_THREADS": str(setup.workers),
            "PORTICO_PORTAL_LISTEN": f"127.0.0.1:{self.portal}",
            "PORTICO_OPS_LISTEN": f"127.0.0.1:{self.operations}",
            "PORTICO_UPSTREAM_ALLOW": "127.0.0.0/8",
            "PORTICO_LOG": "warn",
        }

    def settle(self, machine, gate, apis=1):
        """Sets it up while it runs, and ends it: what is measured later is a start with all of it."""
        process = machine.start("portico-setup", [self.setup.portico, "serve"], machine.load_cpus, self.env)
        try:
            os_.wait_until("portico, to be set up", self.ready)
            self.portico("account", "create", "--email", EMAIL, "--role", "admin", "--password-stdin", stdin=os.urandom(24).hex())
            self.token = self.portico("token", "create", "--email", EMAIL, "--name", "bench").strip()
            self.manage("POST", "/plans", PLAN)
            for number in range(apis):
                self.publish("bench" if number == 0 else f"bench-{number}", gate)
            app = self.manage("POST", "/apps", {"name": "Bench", "owner": EMAIL})["id"]
            self.manage("POST", f"/apps/{app}/subscriptions", {"api": "bench", "plan": "wide"})
            self.portico("key", "import", self.setup.key_file("csv"), "--app", app)
        finally:
            machine.stop(process)

    def publish(self, slug, gate):
        where = f"/apis/{slug}?upstream=http://{self.setup.upstream}&publish=true"
        self.manage("PUT", where, document(self.setup.routes))
        access = "key" if gate else "open"
        settings = {"access": access, "plans": ["wide"], "max_body_bytes": 64 * 1024 * 1024, "timeout_ms": 60_000}
        self.manage("PATCH", f"/apis/{slug}", settings)

    def portico(self, *words, stdin=None):
        done = subprocess.run(
            [str(word) for word in (self.setup.portico, *words)],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **self.env},
        )
        if done.returncode != 0:
            raise RuntimeError(f"portico {' '.join(map(str, words[:2]))}: {done.stderr.strip()}")
        return done.stdout

    def manage(self, method, path, value):
        connection = http.client.HTTPConnection("127.0.0.1", self.portal, timeout=60)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        fields = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        connection.request(method, "/api/v1" + path, json.dumps(value), fields)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text)

    def ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.operations, timeout=2)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def start_with_apis(machine, setup, apis, starts):
    """Seconds from the start to /ready, and KiB resident ten seconds after the last of these starts."""
    house = House(setup)
    house.settle(machine, gate=True, apis=apis)
    seconds = []
    for number in range(starts):
        begun = time.monotonic()
        process = machine.proxy("portico", [setup.portico, "serve"], house.env)
        os_.wait_until("portico", house.ready)
        seconds.append(time.monotonic() - begun)
        if number + 1 == starts:
            time.sleep(10)
            resident = os_.memory(process.pid, shared=False)
        machine.stop(process)
    return seconds, resident
