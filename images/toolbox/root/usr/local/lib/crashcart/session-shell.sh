# shellcheck shell=sh
# What the shells of a session share; sourced by each of them, so it is POSIX.

# A kubeconfig's context is any text.
CRASHCART_PROMPT=$(
	if [ -n "${CRASHCART_POD-}" ]; then
		target=${CRASHCART_NAMESPACE}/${CRASHCART_POD}[${CRASHCART_CONTAINER}]${CRASHCART_TARGET_ENDED:+ ended}
	else
		target=node/${CRASHCART_NODE:-unknown}
	fi
	escape-text printf '%s' "crashcart:$target${CRASHCART_CONTEXT:+ ($CRASHCART_CONTEXT)}" | tr '\n\t' '  '
)

# may_target_trace: whether the target's root may trace whatever it sees, also this session. CAP_SYS_PTRACE, bit 19, counts
# in the user namespace of a process and in those below: ptrace(2). containerd's AppArmor profile lets a container trace
# only what has the same profile; a session has none.
may_target_trace() {
	read -r profile 2>/dev/null <"/proc/$CRASHCART_TARGET_PID/attr/current" || profile=
	[ "$profile" != 'cri-containerd.apparmor.d (enforce)' ] || return 1
	[ "$(readlink "/proc/$CRASHCART_TARGET_PID/ns/user")" = "$(readlink /proc/self/ns/user)" ] || return 1
	bounding=$(sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$CRASHCART_TARGET_PID/status")
	[ $((0x${bounding:-0} >> 19 & 1)) -eq 1 ]
}

# show_banner: a few lines on what this is, for a person on a terminal who did not ask for quiet.
show_banner() {
	if [ ! -t 1 ] || [ -n "${CRASHCART_QUIET-}" ]; then return; fi
	if [ -n "${CRASHCART_TARGET_ENDED-}" ]; then
		printf '%s on %s: a root shell of the toolbox. The container has no processes any more, and this shell no network.\n' \
			"$CRASHCART_PROMPT" "${CRASHCART_NODE:-its node}"
		printf '%s\n' 'Its files are at /target, read-only (list-files, target-path), its log is /target-log.'
		return
	fi
	printf '%s on %s: a root shell of the toolbox, in its processes, network, IPC and host name.\n' \
		"$CRASHCART_PROMPT" "${CRASHCART_NODE:-its node}"
	printf '%s\n' 'Its files are at /target (list-files, target-path); what is changed elsewhere ends with this session.'
	printf '%s\n' 'check-tools tells what works here, recipe what is ready to run, container-shell opens its own shell.'
	if [ -n "${CRASHCART_POD-}" ] && may_target_trace; then
		printf '%s\n' 'This container has CAP_SYS_PTRACE: its root can take over this session, and become root on the node.'
	fi
}
