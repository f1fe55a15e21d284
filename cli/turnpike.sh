#!/bin/sh
# The turnpike command. usage: turnpike up | check | key | usage | ban | version [--help]
set -eu
# How the data plane's memory is collected, as in its image: docs/decisions/0033-collecting.md
exec sh "$(dirname -- "$(readlink -f -- "$0")")/runtime.sh" \
  --single-threaded-gc --heap-growing-percent=100 --expose-gc cli/main.ts "$@"
