# shellcheck shell=bash
# For scripts that act on a running stack: reads [--state DIR] into $state.

state=$(cd "$(dirname "$0")/.." && pwd)/.run
while (($# > 0)); do
	case $1 in
	--state) state=${2:?--state needs a directory} && shift 2 ;;
	--state=*) state=${1#*=} && shift ;;
	*)
		echo "usage: scripts/$(basename "$0") [--state DIR]" >&2
		exit 2
		;;
	esac
done

# The supervisor holds this lock, with its pid inside, for as long as it lives.
state_runs() {
	[[ -f $state/lock ]] && ! flock -n "$state/lock" true
}

state_pid() {
	cat "$state/lock"
}
