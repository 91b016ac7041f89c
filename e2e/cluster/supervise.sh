#!/bin/bash
# supervise.sh COMMAND...: starts it again when it has ended, as a machine's service manager does. One that ends at
# once the first time is broken, though: that is for whoever started it.
set -u
has_run=
while :; do
  started=$SECONDS
  "$@"
  code=$?
  [ $((SECONDS - started)) -lt 3 ] || has_run=yes
  [ "$has_run" ] || exit "$code"
  echo "supervise: $1 ended with $code: starting it again" >&2
  sleep 0.3
done
