#!/bin/bash
# node-init.sh NAME NODE_DIRECTORY BINARIES PAUSE_IMAGE: what a node does below its PID 1, in namespaces of its own.
set -euo pipefail
name=$1 directory=$2 binaries=$3 pause_image=$4

hostname "$name"
# The kubelet and mount propagation want the shared root that a machine has.
mount --make-rshared /
hierarchies=$(cut -d: -f2 /proc/self/cgroup)
mount -t sysfs sysfs /sys
if [ -n "$(tr -d '[:space:]' <<<"$hierarchies")" ]; then
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for hierarchy in $hierarchies; do
    mkdir "/sys/fs/cgroup/${hierarchy#name=}"
    case $hierarchy in
      name=*) mount -t cgroup -o "none,$hierarchy" cgroup "/sys/fs/cgroup/${hierarchy#name=}" ;;
      *) mount -t cgroup -o "$hierarchy" cgroup "/sys/fs/cgroup/$hierarchy" ;;
    esac
    # Controllers that share a hierarchy are looked for under their own names.
    for controller in ${hierarchy//,/ }; do
      [ -e "/sys/fs/cgroup/${controller#name=}" ] || ln -s "$hierarchy" "/sys/fs/cgroup/$controller"
    done
  done
  mkdir /sys/fs/cgroup/unified
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # v2 allows controllers below a cgroup only when it holds no process itself. The parent of this PID 1 is moved from
  # outside, meanwhile.
  mkdir /sys/fs/cgroup/node
  divided=
  controllers=$(sed 's/\(^\| \)/\1+/g' /sys/fs/cgroup/cgroup.controllers)
  for _ in $(seq 200); do
    while read -r pid; do echo "$pid" >/sys/fs/cgroup/node/cgroup.procs || true; done </sys/fs/cgroup/cgroup.procs
    { echo "$controllers" >/sys/fs/cgroup/cgroup.subtree_control; } 2>/dev/null && divided=yes && break
    sleep 0.05
  done
  [ "$divided" ] || { echo "the node's cgroup stays busy" >&2; exit 1; }
fi

mount -t tmpfs tmpfs /run
mkdir -p /run/containerd /run/netns /run/lock
for path in /var/lib/containerd /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers; do
  mkdir -p "$directory/data$path"
  mount --bind "$directory/data$path" "$path"
done
mount --bind "$directory/cni" /etc/cni

for _ in $(seq 200); do
  ip route show default | grep -q eth0 && break
  sleep 0.05
done
ip route show default | grep -q eth0 || { echo "no network" >&2; exit 1; }

export PATH=$binaries:$PATH
supervise=$(dirname "$0")/supervise.sh
bash "$supervise" containerd --config "$directory/containerd.toml" >"$directory/containerd.log" 2>&1 &
for _ in $(seq 200); do
  ctr --connect-timeout 1s version >/dev/null 2>&1 && break
  kill -0 $! || { tail -n 15 "$directory/containerd.log" >&2; exit 1; }
  sleep 0.05
done
ctr --namespace k8s.io images import --local "$pause_image"
exec bash "$supervise" kubelet --config "$directory/kubelet.json" --kubeconfig "$directory/kubeconfig" \
  --hostname-override "$name" --node-ip "$(ip -4 -o address show eth0 | awk '{ sub("/.*", "", $4); print $4 }')" --v 2
