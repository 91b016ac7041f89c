#!/bin/sh
# Enters a target's namespaces with the toolbox as root. The agent starts this script as root, in the node's PID
# namespace and in a new mount namespace. The agent has pinned and checked the target's namespaces before.
#
#   enter-target.sh DIRECTORY SCRATCH-BYTES TOOLBOX KIND USER WORKDIR COMMAND [ARGUMENT…]
#
# DIRECTORY belongs to the session. It has
#   cgroup-procs  the files to join the session's cgroup by
#   layers        the first content of the session's upper layer: the target's /etc/resolv.conf and /etc/hosts,
#                 and /target: a link, or a folder for what is left of a container that has ended
#   remains       of such a container: what mount-remains is to mount
#   environment   the variables that are added for the command alone
#   hold          of a target that was caught at its start: whether it is held
# SCRATCH-BYTES limits what the session writes in its root. TOOLBOX is the lower layer of the session's root. KIND is
# node, container or ended: of the last there are no namespaces. The rest is session-init's, KIND too (session-init.c).
#
# stderr is the agent's: it takes the reason when a step fails. The command's own is descriptor 7.
set -eu

# Descriptors: src/agent/bridge/entering-contract.ts has the same numbers, and a test compares them.
pid_namespace=3
net_namespace=4
ipc_namespace=5
uts_namespace=6

directory=$1 scratch_bytes=$2 toolbox=$3
shift 3
root=/dev/crashcart

# The last step that was begun is the one that failed; its program says why before.
step=
trap '[ $? -eq 0 ] || echo "enter-target: $step" >&2' EXIT

# First of all: everything that is started from here on ends with the session.
step="join the session's cgroup"
while read -r processes; do
	echo $$ >"$processes"
done <"$directory/cgroup-procs"

# For want of memory the kernel kills this first: before the target, and before the agent, whose low score it would
# have otherwise. A session that can't have that runs all the same.
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null || :

# The root is writable (a session can install packages) and gone with this mount namespace. The tmpfs
# is limited, so that a session can't fill the node's memory; it counts to the session's cgroup.
step='mount the memory of the root'
mount -t tmpfs -o size="$scratch_bytes",mode=755 crashcart "$directory/scratch"
step='fill the root'
cp -a "$directory/layers/." "$directory/scratch"
step='mount the toolbox'
mount -t overlay -o "lowerdir=$toolbox,upperdir=$directory/scratch/upper,workdir=$directory/scratch/work" \
	crashcart "$root"

# Made by the agent at its start: the harmless devices, its devpts and ptmx; no block device.
step='mount the devices'
mount --rbind "${directory%/*}/devices" "$root/dev"

if [ "$1" = ended ]; then
	step='show what is left of the container'
	/opt/crashcart/mount-remains "$directory/remains" "$root"
fi

# Of a target that is held at its start: the command `thaw` and the agent tell each other by this file.
step='mount the state of the hold'
[ ! -e "$directory/hold" ] || mount --bind "$directory/hold" "$root/run/crashcart-hold"

# session-init reads the command's variables in it.
step="enter the session's folder"
cd "$directory"
unset OLDPWD
if [ "$1" = ended ]; then
	# Namespaces of the session's own: it has nobody to share them with, and is not to see the node's. tini stays outside
	# of the PID namespace, as it does below; session-init is the first process in it.
	step='make the namespaces'
	exec unshare --pid --net --ipc --uts -- tini -s -- /opt/crashcart/session-init "$@"
fi
# -F: no fork by nsenter itself. It would wait for its child from inside the target's reach: a target
# that stops the child makes its own pod undeletable, as zap_pid_ns_processes waits for a parent that
# sleeps. This tini stays outside the target's PID namespace, so it always reaps.
step='enter the namespaces'
exec nsenter -F --pid=/proc/self/fd/$pid_namespace --net=/proc/self/fd/$net_namespace \
	--ipc=/proc/self/fd/$ipc_namespace --uts=/proc/self/fd/$uts_namespace -- \
	tini -s -- /opt/crashcart/session-init "$@"
