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
# Both end when Portico does, or with Ctrl-C; Portico drains first.
finish() {
	set +e
	trap - INT TERM EXIT
	kill $portico_pid 2>/dev/null
	wait $portico_pid 2>/dev/null
	kill $tidewater_pid 2>/dev/null
}
trap finish EXIT
trap 'exit 0' INT TERM

ready=
until [ "$ready" ]; do
	sleep 0.2
	if curl --silent --fail --output /dev/null "$operations/ready"; then ready=yes; fi
	# Both say themselves why they could not start.
	kill -0 $portico_pid $tidewater_pid 2>/dev/null || exit 1
done

# Calls the management API as the harbour office; fails with its answer.
manage() {
	method=$1 path=$2
	shift 2
	answer=$(curl --silent --show-error --fail-with-body --request "$method" "$portal/api/v1$path" \
		--header "Authorization: Bearer $token" "$@") || { echo "$method $path: $answer" >&2; exit 1; }
}

# The publisher is made at the first start. Its password is never needed again, so nobody learns it.
head -c 24 /dev/urandom | base64 |
	"$portico" account create --email tidewater@portico.example --name "Harbour office" --role publisher --password-stdin \
		>/dev/null 2>&1 || true
token=$("$portico" token create --email tidewater@portico.example --name "make run" --expires 1d)
# Publishing what is published already changes nothing, and takes up an edit of the document.
manage PUT "/apis/tidewater?upstream=http://$TIDEWATER_LISTEN&publish=true" \
	--header "Content-Type: application/yaml" --data-binary "@$here/tidewater.yaml"
# Its status needs no key, and its document says so.
manage PATCH /apis/tidewater --header "Content-Type: application/merge-patch+json" --data '{"access":"document"}'
# What the harbour office wrote besides.
for guide in "$here"/guides/*.md; do
	name=${guide##*/}
	manage PUT "/apis/tidewater/guides/${name%.md}" --header "Content-Type: text/markdown" --data-binary "@$guide"
done

# Portico's own management API, described like any other. It asks for a token of its own, so the gateway asks for no key.
"$portico" openapi | manage PUT "/apis/portico?upstream=$portal/api/v1&publish=true" \
	--header "Content-Type: application/json" --data-binary @-
manage PATCH /apis/portico --header "Content-Type: application/merge-patch+json" --data '{"access":"open"}'

cat <<TEXT

The example API Tidewater is published:
  read it    $portal/apis/tidewater
  call it    curl $gateway/tidewater/status
             curl -H "X-API-Key: <your key>" $gateway/tidewater/ports
Portico's own management API is published beside it:
  read it    $portal/apis/portico
  call it    curl -H "Authorization: Bearer \$("$portico" token create --email YOU --name try)" $gateway/portico/plans
For a key sign up, make an app and subscribe it to Tidewater. Ctrl-C stops everything.

TEXT
wait $portico_pid
