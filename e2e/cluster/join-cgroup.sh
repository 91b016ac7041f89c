#!/bin/sh
# join-cgroup.sh CGROUP COMMAND...: moves itself into the cgroup of that name in every hierarchy, then becomes COMMAND.
set -eu
name=$1
shift
while read -r _ mount type _; do
  case $type in
    cgroup) ;;
    cgroup2)
      # The kubelet needs its controllers; beside v1 it must stay without any, or crun refuses to run.
      if [ "$mount" = /sys/fs/cgroup ]; then
        # shellcheck disable=SC2013 # All controllers are on one line.
        for controller in $(cat "$mount/cgroup.controllers"); do
          echo "+$controller" >"$mount/cgroup.subtree_control" || true
        done
      fi
      ;;
    *) continue ;;
  esac
  mkdir -p "$mount/$name"
  if [ -e "$mount/cpuset.cpus" ] && [ "$type" = cgroup ]; then
    # No process can join a v1 cpuset that has no CPUs.
    cat "$mount/cpuset.cpus" >"$mount/$name/cpuset.cpus"
    cat "$mount/cpuset.mems" >"$mount/$name/cpuset.mems"
  fi
  echo $$ >"$mount/$name/cgroup.procs"
done </proc/mounts
exec "$@"
