# shellcheck shell=sh
# Shared by the toolbox's own commands: sourced after `set -eu`. A command's --help is the comment at its top.

command_name=${0##*/}

# show_help: prints the comment at the top of the command.
show_help() {
	sed -n -e '1d' -e '/^#/!q' -e 's/^# \{0,1\}//' -e "s/@NAME@/$command_name/g" -e p "$0"
}

# fail MESSAGE…: ends the command.
fail() {
	echo "$command_name: $*" >&2
	exit 1
}

# fail_usage MESSAGE…: ends the command, which was called wrongly.
fail_usage() {
	echo "$command_name: $*" >&2
	echo "See \`$command_name --help\`." >&2
	exit 2
}

# escape_output [--only-stderr] "$@": begins the command again with its output escaped (escape-text): a target chooses the
# names in it. For commands whose output is text, first of all. What they start is not escaped again.
escape_output() {
	[ -z "${CRASHCART_ESCAPED-}" ] || return 0
	export CRASHCART_ESCAPED=1
	if [ "${1-}" = --only-stderr ]; then
		shift
		exec escape-text --only-stderr "$0" "$@"
	fi
	exec escape-text "$0" "$@"
}

# check_process PID: ends the command unless there is such a process.
check_process() {
	case $1 in
	'' | *[!0-9]*) fail_usage "\"$1\" is not a process ID" ;;
	esac
	[ -d "/proc/$1" ] || fail "there is no process $1 (list-processes shows what there is)"
	# Its parent has not taken note yet. Where other threads go on, the process does.
	! grep -q -s '^State:[[:space:]]*Z' "/proc/$1/status" || grep -q -s -v '^Threads:[[:space:]]*1$' "/proc/$1/status" ||
		fail "process $1 has ended"
}

# refuse_ended: ends the command in a session of a container that has ended (--dead). container_processes.py has the same text.
refuse_ended() {
	[ -z "${CRASHCART_TARGET_ENDED-}" ] ||
		fail 'the container has ended: there is no process of it; its files are at /target, its log is /target-log'
}

# require_target: sets target_pid and target_root, or ends the command.
require_target() {
	refuse_ended
	target_pid=${CRASHCART_TARGET_PID-}
	[ -n "$target_pid" ] || fail 'there is no target here: CRASHCART_TARGET_PID is not set'
	check_process "$target_pid"
	# shellcheck disable=SC2034 # The command that sources this uses it.
	target_root=${CRASHCART_TARGET_ROOT:-/target}
}

# explain_ptrace: why a process can't be attached to, where the kernel's settings say it.
explain_ptrace() {
	tracer=$(awk '/^TracerPid:/ { print $2 }' "/proc/$target_pid/status")
	[ "${tracer:-0}" = 0 ] || fail "process $target_pid is already traced, by process $tracer"
	# Yama's scope 3 lets nobody attach, not even root: https://docs.kernel.org/admin-guide/LSM/Yama.html
	[ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" != 3 ] ||
		fail 'the kernel lets nobody attach (kernel.yama.ptrace_scope is 3); perf and bpftrace do not need it'
}

case ${1-} in
-h | --help)
	show_help
	exit 0
	;;
esac
