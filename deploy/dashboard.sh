#!/bin/sh
# Build the dashboard where it is not built or older than its sources. Never fails: without it the API shows a plain page.
set -eu
cd "$(dirname "$0")/.."
. deploy/say.sh

room=services/dashboard
built=$room/dist/index.html
if [ -f "$built" ] && [ -z "$(find "$room/src" "$room/package-lock.json" -newer "$built" | head -1)" ]; then exit 0; fi
node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' 2>/dev/null \
    && command -v npm >/dev/null || { say dashboard_needs_node; exit 0; }
say dashboard_building
log=$room/build.log
if "${MAKE:-make}" --no-print-directory dashboard >"$log" 2>&1; then rm -f "$log"; else say dashboard_failed log="$log"; fi
