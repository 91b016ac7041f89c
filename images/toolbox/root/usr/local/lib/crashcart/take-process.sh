# shellcheck shell=sh
# Sourced after command.sh, with $purpose set: which process the command is about (container-processes says what a purpose
# is). It takes `-p PID|NAME`, or --pid, out of the command's arguments, wherever it stands, and sets
#   target_pid   the process
#   target_pids  all of them, with a space between, where the purpose is `all`
#   target_root  where its files are
# It ends the command where there is no such process.

require_target
wanted_process=
unread=$#
while [ "$unread" -gt 0 ]; do
	unread=$((unread - 1))
	case $1 in
	-p | --pid)
		[ "$unread" -gt 0 ] || fail_usage "$1 takes the ID or the name of a process"
		[ -z "$wanted_process" ] || fail_usage "$1 is given twice"
		wanted_process=$2
		unread=$((unread - 1))
		shift 2
		continue
		;;
	--pid=*)
		[ -z "$wanted_process" ] || fail_usage '--pid is given twice'
		wanted_process=${1#--pid=}
		shift
		continue
		;;
	esac
	set -- "$@" "$1"
	shift
done
# shellcheck disable=SC2154 # The command has set the purpose.
target_pids=$(CRASHCART_COMMAND=$command_name /usr/local/lib/crashcart/container-processes choose "$purpose" \
	${wanted_process:+-p "$wanted_process"}) || exit
target_pid=${target_pids%% *}
# shellcheck disable=SC2034 # The command uses it.
[ "$target_pid" = "$CRASHCART_TARGET_PID" ] || target_root=/proc/$target_pid/root
