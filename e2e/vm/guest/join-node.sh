#!/bin/bash
# join-node.sh NAME NODE_DIRECTORY BINARIES ADDRESS: makes the machine a node, by services of its systemd.
set -euo pipefail
name=$1 directory=$2 binaries=$3 address=$4

mkdir -p /etc/cni
ln -sfn "$directory/cni/net.d" /etc/cni/net.d
# The names of both programs as the built-in nodes have them: tests look for them by their command lines.
cat >/etc/systemd/system/node-containerd.service <<UNIT
[Service]
ExecStart=@$binaries/containerd containerd --config $directory/containerd.toml
Environment=PATH=$binaries:/usr/sbin:/usr/bin:/sbin:/bin
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=1
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-999
TimeoutStartSec=600
UNIT
cat >/etc/systemd/system/node-kubelet.service <<UNIT
[Unit]
After=node-containerd.service
Wants=node-containerd.service
[Service]
ExecStart=@$binaries/kubelet kubelet --config $directory/kubelet.json --kubeconfig $directory/kubeconfig --hostname-override $name --node-ip $address
Environment=PATH=$binaries:/usr/sbin:/usr/bin:/sbin:/bin
Restart=always
RestartSec=1
UNIT
systemctl daemon-reload
systemctl start node-containerd
systemctl start node-kubelet
