#!/bin/sh
# Enters a target's namespaces with the toolbox as root. The agent starts this script as root, in the node's PID
# namespace and in a new mount namespace. The agent has pinned and checked the target's namespaces before.
#
#   enter-target.sh outside DIRECTORY TOOLBOX WORKDIR COMMAND [ARGUMENT…]
#
# DIRECTORY belongs to the session. It has
#   cgroup-procs  the files to join the session's cgroup by
#   layers        the first content of the session's upper layer: the target's /etc/resolv.conf and /etc/hosts,
#                 and the link /target
#   environment   the variables that are added for the command alone
# TOOLBOX is the lower layer of the session's root. WORKDIR, in that root, is where the command starts.
set -eu

# Descriptors: src/agent/bridge/entering-contract.ts has the same numbers, and a test compares them.
pid_namespace=3
net_namespace=4
ipc_namespace=5
uts_namespace=6
command_environment=8
session_init=9

stage=$1 directory=$2
shift 2
root=/dev/crashcart

case $stage in
outside)
	toolbox=$1
	shift
	# First of all: everything that is started from here on ends with the session.
	while read -r processes; do
		echo $$ >"$processes"
	done <"$directory/cgroup-procs"

	# The root is writable (a session can install packages) and gone with this mount namespace. The tmpfs
	# is limited, so that a session can't fill the node's memory; it counts to the session's cgroup.
	mount -t tmpfs -o size=256m,mode=755 crashcart "$directory/scratch"
	cp -a "$directory/layers/." "$directory/scratch"
	mount -t overlay -o "lowerdir=$toolbox,upperdir=$directory/scratch/upper,workdir=$directory/scratch/work" \
		crashcart "$root"

	# Made by the agent at its start: the harmless devices, its devpts and ptmx; no block device.
	mount --rbind "${directory%/*}/devices" "$root/dev"

	# -F: no fork by nsenter itself. It would wait for its child from inside the target's reach: a target
	# that stops the child makes its own pod undeletable, as zap_pid_ns_processes waits for a parent that
	# sleeps. This tini stays outside the target's PID namespace, so it always reaps.
	exec nsenter -F --pid=/proc/self/fd/$pid_namespace --net=/proc/self/fd/$net_namespace \
		--ipc=/proc/self/fd/$ipc_namespace --uts=/proc/self/fd/$uts_namespace -- \
		tini -s -- /bin/sh "$0" inside "$directory" "$@"
	;;

inside)
	# The namespaces are entered: the command must not get their descriptors. eval, as a redirection takes no variable.
	eval "exec $pid_namespace>&- $net_namespace>&- $ipc_namespace>&- $uts_namespace>&-"
	# session-init is one of the agent's files, so that every toolbox works without it.
	eval "exec $session_init</opt/crashcart/session-init $command_environment<\"\$directory/environment\""
	# proc shows the PID namespace of the process that mounts it, sysfs its network namespace.
	mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
	mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
	# Not chroot alone: session-init then detaches the old root, so that no file of the agent can be reached. The
	# toolbox may lack a program for that.
	cd "$root"
	pivot_root . mnt
	init=/proc/self/fd/$session_init
	unset OLDPWD stage directory root
	# session-init ends the command's orphans, which would otherwise fall to the target's PID 1.
	exec "$init" "$@"
	;;
esac
