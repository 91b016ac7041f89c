#!/bin/bash
# supervise.sh COMMAND...: restarts the command when it ends, as a machine's service manager does. A command that ends
# at once the first time is broken: supervise.sh then ends with its exit code.
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
