#!/bin/sh
# Enters a target's namespaces with the toolbox as root. Started by the agent, as root on the node's PID
# namespace, in a mount namespace of its own; descriptors 3 to 6 are the target's pid, net, ipc and uts
# namespaces, pinned and verified before.
#
#   enter-target.sh outside DIRECTORY TOOLBOX WORKDIR COMMAND [ARGUMENT…]
#
# DIRECTORY is the session's own: cgroup-procs (files to join the session's cgroup by), layers (what the
# session's upper layer begins with: /etc/resolv.conf and /etc/hosts of the target, the link /target), environment
# (what is added to it for the command alone). TOOLBOX is the root's lower layer; WORKDIR is where the command starts, in the session's root.
set -eu

stage=$1 directory=$2
shift 2
root=/dev/crashcart

case $stage in
outside)
	toolbox=$1
	shift
	# First of all, so that whatever is started from here on ends with the session.
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
	exec nsenter -F --pid=/proc/self/fd/3 --net=/proc/self/fd/4 --ipc=/proc/self/fd/5 --uts=/proc/self/fd/6 -- \
		tini -s -- /bin/sh "$0" inside "$directory" "$@"
	;;

inside)
	# The namespaces were entered; a command has no use for their descriptors.
	exec 3>&- 4>&- 5>&- 6>&-
	# Of the agent's own files: whatever the toolbox is, it need not hold it.
	exec 9</opt/crashcart/session-init 8<"$directory/environment"
	# proc shows the PID namespace of who mounts it, sysfs the network namespace.
	mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
	mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
	# Not chroot alone: with the old root detached no file of the agent can be reached. From here on there are only the
	# toolbox's programs, whatever these are: session-init detaches it.
	cd "$root"
	pivot_root . mnt
	unset OLDPWD stage directory root
	# It ends with the command's orphans, which would otherwise fall to the target's PID 1.
	exec /proc/self/fd/9 "$@"
	;;
esac
