#!/bin/sh
# The turnpike command. usage: turnpike up | check | key | usage | ban | version [--help]
set -eu
exec sh "$(dirname -- "$(readlink -f -- "$0")")/runtime.sh" cli/main.ts "$@"
