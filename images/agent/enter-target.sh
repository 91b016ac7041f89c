#!/bin/sh
# Enters a target's namespaces with the toolbox as root. Started by the agent, as root on the node's PID
# namespace, in a mount namespace of its own; descriptors 3 to 6 are the target's pid, net, ipc and uts
# namespaces, pinned and verified before.
#
#   enter-target.sh outside DIRECTORY TARGET_PID COMMAND [ARGUMENT…]
#
# DIRECTORY is the session's own: cgroup-procs (files to join the session's cgroup by), resolv.conf, hosts.
# TARGET_PID is the target's in its own PID namespace.
set -eu

stage=$1 directory=$2 target_pid=$3
root=/dev/crashcart

case $stage in
outside)
	shift 3
	# First of all, so that whatever is started from here on ends with the session.
	while read -r processes; do
		echo $$ >"$processes"
	done <"$directory/cgroup-procs"

	# The root is writable (a session can install packages) and gone with this mount namespace. The tmpfs
	# is limited, so that a session can't fill the node's memory; it counts to the session's cgroup.
	mount -t tmpfs -o size=256m,mode=755 crashcart "$directory/scratch"
	mkdir "$directory/scratch/upper" "$directory/scratch/work"
	mount -t overlay -o "lowerdir=/toolbox,upperdir=$directory/scratch/upper,workdir=$directory/scratch/work" \
		crashcart "$root"

	# Made by the agent at its start: the harmless devices, its devpts and ptmx; no block device.
	mount --rbind "$(dirname "$directory")/devices" "$root/dev"
	mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev crashcart "$root/dev/shm"

	# -F: no fork by nsenter itself. It would wait for its child from inside the target's reach: a target
	# that stops the child makes its own pod undeletable, as zap_pid_ns_processes waits for a parent that
	# sleeps. This tini stays outside the target's PID namespace, so it always reaps.
	exec nsenter -F --pid=/proc/self/fd/3 --net=/proc/self/fd/4 --ipc=/proc/self/fd/5 --uts=/proc/self/fd/6 -- \
		tini -s -- /bin/sh "$0" inside "$directory" "$target_pid" "$@"
	;;

inside)
	shift 3
	# The namespaces were entered; a command has no use for their descriptors.
	exec 3>&- 4>&- 5>&- 6>&-
	# proc shows the PID namespace of who mounts it, sysfs the network namespace.
	mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
	mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
	# A link and no mount: a bind of that magic link is refused, and through it volumes show too.
	ln -sfn "/proc/$target_pid/root" "$root/target"
	# Names must resolve as in the target, not as on the node.
	cp "$directory/resolv.conf" "$directory/hosts" "$root/etc/"

	# Not chroot alone: with the old root detached no file of the agent can be reached.
	cd "$root"
	mkdir .agent
	pivot_root . .agent
	umount -l .agent
	rmdir .agent
	cd /root
	unset OLDPWD stage directory target_pid root
	# This tini adopts the command's orphans, which would otherwise fall to the target's PID 1.
	exec tini -s -- "$@"
	;;
esac
