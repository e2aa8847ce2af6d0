#!/bin/sh
# Make .venv with what a lock file pins, and the ahual command in it: deploy/bootstrap.sh [LOCK]
# Needs nothing but a Python; does nothing, and no network, when the lock is installed already.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
lock=${1:-requirements.lock}
needed_mb=600

. deploy/say.sh
stop() { say "$@" >&2; exit 1; }

fingerprint() { { cat "$1" pyproject.toml; printf '%s' "$root"; } | cksum | tr ' ' '-'; }
installed() { [ -x .venv/bin/ahual ] && [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$(fingerprint "$1")" ] \
    && .venv/bin/python -c '' 2>/dev/null; }

# The development lock holds everything of the other one.
if installed "$lock" || { [ "$lock" = requirements.lock ] && installed requirements-dev.lock; }; then exit 0; fi

python=
for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || stop no_python
"$python" -c 'import venv, ensurepip' 2>/dev/null || stop no_venv python="$python"
[ -w . ] || stop not_yours where="$root"
free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
[ "$free_mb" -ge "$needed_mb" ] || stop little_space where="$root" free="$free_mb" needed="$needed_mb"

log=$root/.venv/install.log
why() {
    if grep -q "No space left on device" "$log"; then stop disk_full where="$root"; fi
    if grep -q "DO NOT MATCH THE HASHES" "$log"; then stop hash_mismatch lock="$lock" log="$log"; fi
    if grep -qE "Retrying|NewConnectionError|No matching distribution|Connection|Timeout|SSLError|ProxyError" "$log"; then
        stop unreachable log="$log"
    fi
    stop failed log="$log"
}

say installing
started=$(date +%s)
# A copied or moved environment points at another folder.
if [ -d .venv ] && ! .venv/bin/python -m pip --version >/dev/null 2>&1; then rm -rf .venv; fi
mkdir -p .venv || stop not_yours where="$root"
: >"$log" || stop not_yours where="$root/.venv"
[ -x .venv/bin/pip ] || "$python" -m venv .venv >>"$log" 2>&1 || why
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@" >>"$log" 2>&1; }
pip install --require-hashes -r "$lock" || why
pip install --no-deps -e . || why
fingerprint "$lock" >".venv/.installed-$lock"
say installed seconds=$(($(date +%s) - started))
