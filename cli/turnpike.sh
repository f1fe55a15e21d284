#!/bin/sh
# The turnpike command. usage: turnpike up | check | version [--help]
set -eu
exec sh "$(dirname -- "$(readlink -f -- "$0")")/runtime.sh" cli/main.ts "$@"
