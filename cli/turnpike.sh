#!/bin/sh
# The turnpike command. usage: turnpike up | check | key | usage | ban | version [--help]
set -eu
# How the data plane's memory is collected, as in its image: docs/decisions/0033-collecting.md
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"
exec sh "$(dirname -- "$(readlink -f -- "$0")")/runtime.sh" \
  --single-threaded-gc --heap-growing-percent=30 --expose-gc --gc-memory-reducer-start-delay-ms=3000 \
  --compaction-max-evacuated-bytes-mb-for-reduce-memory=1 --min-semi-space-size=32 cli/main.ts "$@"
