#!/bin/sh
# Runs a TypeScript file of this project with the Node that npm installed beside it.
# usage: sh cli/runtime.sh [OPTION OF NODE ...] FILE [ARGUMENT ...]
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
# Some npm versions (9 for one) leave out the link in .bin, so the platform packages are looked at too.
node=node
for candidate in "$root"/node_modules/.bin/node "$root"/node_modules/node-*/bin/node; do
  if [ -x "$candidate" ]; then
    node=$candidate
    break
  fi
done

if ! version=$("$node" --version 2>&1); then
  case "$version" in
    *libatomic.so.1*)
      echo "turnpike: Node needs the library libatomic.so.1, which this system lacks." >&2
      echo "turnpike: install it with: apt-get install -y libatomic1   (Fedora: dnf install libatomic, Alpine: apk add libatomic)" >&2 ;;
    *)
      echo "turnpike: cannot run Node ($node): $version" >&2
      echo "turnpike: run 'npm ci' in $root first." >&2 ;;
  esac
  exit 1
fi
major=${version#v}
major=${major%%.*}
if [ "$major" -lt 26 ]; then
  echo "turnpike: Node 26 or newer is needed and $node is $version. Run 'npm ci' in $root: it brings the right one." >&2
  exit 1
fi
options=--disable-warning=ExperimentalWarning
while case "$1" in -*) true ;; *) false ;; esac; do
  options="$options $1"
  shift
done
file=$1
shift
case "$file" in /*) ;; *) file="$root/$file" ;; esac
# shellcheck disable=SC2086 # options have no spaces
exec "$node" $options "$file" "$@"
