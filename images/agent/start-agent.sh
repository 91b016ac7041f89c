#!/bin/sh
# Makes what the agent and its sessions write to, and starts the agent. All of it is in memory and in the
# container's own mount namespace: gone with the agent. Not by volumes of the pod's spec: the kubelet takes
# 300 ms more to start a pod that has any (it polls for them).
set -eu

# Its size bounds what a session can leave in the folders that the agent keeps of it.
mount -t tmpfs -o size=64m,mode=755,nosuid,nodev crashcart /run/crashcart
mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev crashcart /tmp
# Where a session's root is mounted, each in its own mount namespace.
mkdir -p /dev/crashcart

# The /dev that sessions share: what a program needs and no block device. It is read-only (devices can still
# be written to), so that a session can't leave anything in it for another one.
devices=/run/crashcart/devices
mkdir "$devices"
mount -t tmpfs -o size=1m,mode=755,nosuid,noexec crashcart "$devices"
cd "$devices"
# Major and minor numbers: https://docs.kernel.org/admin-guide/devices.html
mknod -m 666 null c 1 3
mknod -m 666 zero c 1 5
mknod -m 666 full c 1 7
mknod -m 666 random c 1 8
mknod -m 666 urandom c 1 9
mknod -m 666 tty c 5 0
mkdir pts
ln -s pts/ptmx ptmx
# Of the session's own root, writable and limited, unlike what is made here.
ln -s /tmp shm
ln -s /proc/self/fd fd
ln -s /proc/self/fd/0 stdin
ln -s /proc/self/fd/1 stdout
ln -s /proc/self/fd/2 stderr
# The agent's own devpts, never the target's: whoever can open a terminal's slave can type into it.
mount --bind /dev/pts pts
mount -o remount,bind,ro "$devices"
cd /

# Sessions trace by them, and sessions of the node look at its cgroups. An agent without them is still an agent.
/opt/crashcart/clone-node-mounts /run/crashcart/node || true

# What passes through is outside V8's heap, held by small objects in its young generation. That is kept small:
# collected often, it frees those buffers soon, in place of marking the whole heap each time they have become much.
# https://nodejs.org/api/cli.html#useful-v8-options
exec node --max-semi-space-size=1 /opt/crashcart/agent.cjs
