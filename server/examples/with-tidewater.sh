#!/bin/sh
# Starts Portico and, behind it, the example service Tidewater; publishes the one through the other's management API.
# Usage: with-tidewater.sh PORTICO TIDEWATER   (the two programs)
set -eu
portico=$1 tidewater=$2
here=$(dirname "$0")

# The example listens on loopback, which upstreams may not reach unless allowed.
export PORTICO_UPSTREAM_ALLOW="${PORTICO_UPSTREAM_ALLOW:-127.0.0.0/8}"
export TIDEWATER_LISTEN="${TIDEWATER_LISTEN:-127.0.0.1:9090}"
portal="http://${PORTICO_PORTAL_LISTEN:-127.0.0.1:8080}"
gateway="http://${PORTICO_GATEWAY_LISTEN:-127.0.0.1:8081}"
operations="http://${PORTICO_OPS_LISTEN:-127.0.0.1:8082}"

"$tidewater" &
tidewater_pid=$!
"$portico" serve &
portico_pid=$!
# Both end when one of them does, or with Ctrl-C; Portico drains first.
trap 'trap - INT TERM; kill $portico_pid 2>/dev/null; wait $portico_pid 2>/dev/null; kill $tidewater_pid 2>/dev/null' EXIT
trap 'exit 0' INT TERM

until curl --silent --fail --output /dev/null "$operations/ready"; do
	kill -0 $portico_pid 2>/dev/null || { wait $portico_pid; exit 1; }
	sleep 0.2
done
kill -0 $tidewater_pid 2>/dev/null || exit 1

# The publisher of the example is made at the first start; its password is never needed again, so nobody learns it.
head -c 24 /dev/urandom | base64 |
	"$portico" account create --email tidewater@portico.example --name "Harbour office" --role publisher --password-stdin \
		>/dev/null 2>&1 || true
token=$("$portico" token create --email tidewater@portico.example --name "make run" --expires 1d)
answer=$(curl --silent --show-error --fail-with-body --request PUT \
	"$portal/api/v1/apis/tidewater?upstream=http://$TIDEWATER_LISTEN&publish=true" \
	--header "Authorization: Bearer $token" --header "Content-Type: application/yaml" \
	--data-binary "@$here/tidewater.yaml") || { echo "The example was not published: $answer" >&2; exit 1; }

cat <<TEXT

The example API Tidewater is published:
  read it    $portal/apis/tidewater
  call it    curl -H "X-API-Key: <your key>" $gateway/tidewater/ports
A key is three clicks away: sign up, make an app, subscribe it to Tidewater. Ctrl-C stops everything.

TEXT
wait $portico_pid
