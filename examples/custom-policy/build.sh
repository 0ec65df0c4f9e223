#!/bin/sh
# Makes bundle.tar.gz of policy/ and data.json with OPA 1.20.2 (OPA_BIN, or `opa` in PATH). The same files give the same bytes.
set -eu
cd "$(dirname "$0")"
"${OPA_BIN:-opa}" build -t wasm --ignore '*_test.rego' --revision 1 -o "${1:-bundle.tar.gz}" policy/ data.json
