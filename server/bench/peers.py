"""The contenders: how each is set up and started, and what it lacks to be.

All listen on loopback, keep connections to both sides, write no access log, and pass `/bench/…` on. Those with a gate
know the keys, refuse a call without one, and limit each caller to more than the load can reach.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from portico import House

LUA_MODULES = "/usr/lib/nginx/modules"


@dataclass
class Setup:
    """One start of one contender."""

    port: int
    upstream: str
    workers: int
    keys: int
    routes: int
    folder: Path
    tools: Path
    gateway: Path
    portico: Path

    def key_file(self, form="txt"):
        return keys(self.folder, self.keys)[form]


@dataclass
class Contender:
    name: str
    gate: bool
    argv: Callable[[Setup], list]
    """Writes what the program reads, and gives its command line."""
    missing: Callable[[Setup], str | None]
    """How to get what is not there."""
    prepare: Callable = lambda machine, setup: {}
    """What must be done before the start; gives further environment."""


def key(number):
    """A key as it comes from elsewhere: 40 characters, on which load.lua counts."""
    return "bench-" + hashlib.sha256(f"key {number}".encode()).hexdigest()[:34]


def keys(folder, count):
    """So many keys in the forms the contenders read."""
    forms = {form: folder / f"keys-{count}.{form}" for form in ("txt", "nginx", "haproxy", "csv")}
    if not forms["csv"].exists():
        with open(forms["txt"], "w") as text, open(forms["nginx"], "w") as nginx, open(forms["haproxy"], "w") as haproxy:
            for number in range(count):
                secret = key(number)
                text.write(f"{secret}\n")
                nginx.write(f"{secret} {number};\n")
                haproxy.write(f"{secret} {number}\n")
        with open(forms["csv"], "w") as csv:
            csv.write("name,key\n")
            csv.writelines(f"key {number},{key(number)}\n" for number in range(count))
    return forms


def nginx(variant):
    def argv(setup):
        file = setup.folder / f"nginx-{setup.port}.conf"
        file.write_text(nginx_conf(setup, variant))
        return ["nginx", "-p", setup.folder, "-c", file]

    return argv


def nginx_conf(setup, variant):
    modules = http = server = proxy = routes = ""
    if variant == "big":
        proxy = "proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 128k;"
    if variant == "gate":
        # nginx sizes the table itself once it may be large; a state of limit_req takes at most 160 bytes.
        http = f"""
          map_hash_max_size {max(2048, 2 * setup.keys)}; map_hash_bucket_size 128;
          map $http_x_api_key $caller {{ default ""; include {setup.key_file("nginx")}; }}
          limit_req_zone $caller zone=callers:{setup.keys * 160 // 1_000_000 + 1}m rate=1000000r/s;
          limit_req_status 429;"""
        server = 'if ($caller = "") { return 401; } limit_req zone=callers burst=1000000 nodelay;'
        proxy = 'proxy_set_header X-Api-Key ""; proxy_set_header X-Caller $caller;'
        if setup.routes > 1:
            pattern = "location ~ ^/bench/v1/s{}/users/[^/]+/orders/[^/]+$ {{ proxy_pass http://upstream; }}\n"
            routes = "".join(pattern.format(number) for number in range(setup.routes))
    if variant == "lua":
        modules = f"load_module {LUA_MODULES}/ndk_http_module.so; load_module {LUA_MODULES}/ngx_http_lua_module.so;"
        http = f"""
          lua_shared_dict rates 64m; lua_shared_dict counts 16m;
          init_by_lua_block {{
            callers = {{}}
            local number = 0
            for line in io.lines("{setup.key_file()}") do callers[line] = number; number = number + 1 end
          }}"""
        server = """
          access_by_lua_block {
            local caller = callers[ngx.var.http_x_api_key or ""]
            if not caller then return ngx.exit(401) end
            local used = ngx.shared.rates:incr(caller .. "@" .. math.floor(ngx.now()), 1, 0, 2)
            if used and used > 1000000 then return ngx.exit(429) end
            ngx.ctx.caller = caller
            ngx.req.clear_header("X-Api-Key")
            ngx.req.set_header("X-Caller", caller)
          }
          log_by_lua_block {
            local counts, caller = ngx.shared.counts, ngx.ctx.caller or "nobody"
            counts:incr("calls " .. caller, 1, 0)
            counts:incr("bytes " .. caller, tonumber(ngx.var.bytes_sent), 0)
            counts:incr("status " .. ngx.status, 1, 0)
            local seconds = tonumber(ngx.var.request_time)
            counts:incr(seconds < 0.005 and "fast" or seconds < 0.1 and "fair" or "slow", 1, 0)
          }"""
    folder = setup.folder
    return f"""{modules}
      daemon off; worker_processes {setup.workers}; worker_rlimit_nofile 20000;
      pid {folder}/nginx-{setup.port}.pid; error_log {folder}/nginx-{setup.port}.err;
      events {{ worker_connections 16384; }}
      http {{
        access_log off; server_tokens off; tcp_nodelay on; client_max_body_size 0;
        keepalive_timeout 300s; keepalive_requests 1000000000;
        client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
        uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
        {http}
        map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
        upstream upstream {{
          server {setup.upstream};
          keepalive 512; keepalive_timeout 300s; keepalive_requests 1000000000;
        }}
        server {{
          listen 127.0.0.1:{setup.port} backlog=4096;
          {server}
          proxy_http_version 1.1; proxy_request_buffering off; proxy_max_temp_file_size 0;
          proxy_set_header Connection $connection_upgrade; proxy_set_header Upgrade $http_upgrade;
          proxy_set_header X-Forwarded-For $remote_addr;
          {proxy}
          {routes}
          location / {{ proxy_pass http://upstream; }}
        }}
      }}
    """


def haproxy(gate):
    def argv(setup):
        rules = table = ""
        if gate:
            rules = f"""
  http-request set-var(txn.caller) req.hdr(x-api-key),map_str({setup.key_file("haproxy")})
  http-request deny deny_status 401 unless {{ var(txn.caller) -m found }}
  http-request track-sc0 var(txn.caller) table callers
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 1000000 }}
  http-request del-header x-api-key
  http-request set-header x-caller %[var(txn.caller)]"""
            table = f"""
backend callers
  stick-table type string len 16 size {max(100_000, 2 * setup.keys)} expire 10m \
store http_req_rate(1s),http_req_cnt,bytes_out_cnt"""
        file = setup.folder / f"haproxy-{setup.port}.cfg"
        file.write_text(f"""global
  nbthread {setup.workers}
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout tunnel 300s
  timeout http-keep-alive 300s
  http-reuse always
  option forwardfor
frontend calls
  bind 127.0.0.1:{setup.port} backlog 4096{rules}
  default_backend upstream
backend upstream
  server only {setup.upstream} pool-purge-delay 300s{table}
""")
        return ["haproxy", "-db", "-f", file]

    return argv


def pingora(gate):
    def argv(setup):
        words = [setup.tools / "bench-pingora", setup.port, setup.upstream, setup.workers]
        return words + [setup.key_file()] if gate else words

    return argv


def gateway(gate):
    def argv(setup):
        words = [setup.gateway, setup.port, setup.upstream, setup.workers, "key" if gate else "open", setup.routes]
        return words + [setup.key_file()] if gate else words

    return argv


def serve(setup):
    return [setup.portico, "serve"]


def house(gate):
    def prepare(machine, setup):
        installation = House(setup)
        installation.settle(machine, gate)
        return installation.env

    return prepare


def program(name):
    return lambda setup: None if shutil.which(name) else f"Debian: apt-get install {name}"


def lua(setup):
    there = shutil.which("nginx") and Path(LUA_MODULES, "ngx_http_lua_module.so").exists()
    return None if there else "Debian: apt-get install nginx libnginx-mod-http-lua"


def built(which, how):
    return lambda setup: None if Path(which(setup)).exists() else how


NGINX, HAPROXY = program("nginx"), program("haproxy")
PINGORA = built(
    lambda setup: setup.tools / "bench-pingora",
    "cargo build --release --locked --manifest-path server/bench/Cargo.toml -p bench-pingora",
)
GATEWAY = built(
    lambda setup: setup.gateway, "cargo build --release --locked -p portico-gateway --example bench"
)
PORTICO = built(lambda setup: setup.portico, "cargo build --release --locked --bin portico")

CONTENDERS = [
    Contender("nginx", False, nginx("plain"), NGINX),
    Contender("nginx-big", False, nginx("big"), NGINX),
    Contender("nginx+key+limit", True, nginx("gate"), NGINX),
    Contender("nginx-lua+key+limit+count", True, nginx("lua"), lua),
    Contender("haproxy", False, haproxy(False), HAPROXY),
    Contender("haproxy+key+limit", True, haproxy(True), HAPROXY),
    Contender("pingora", False, pingora(False), PINGORA),
    Contender("pingora+gate", True, pingora(True), PINGORA),
    Contender("portico-gateway-open", False, gateway(False), GATEWAY),
    Contender("portico-gateway", True, gateway(True), GATEWAY),
    Contender("portico-open", False, serve, PORTICO, house(False)),
    Contender("portico", True, serve, PORTICO, house(True)),
]
