#!/bin/sh
# install-packages.sh FILE…: installs the packages that the lists name.
#
# A line is `NAME | NAME … # comment`: of its names the first that this distribution has; `none` is there for what
# not every distribution has. Recommended packages are not installed.
set -eu
export DEBIAN_FRONTEND=noninteractive

choose() {
	for name; do
		[ "$name" != none ] || return 0
		# Not `show`: that also knows names which other packages only mention.
		if [ -n "$(apt-cache madison "$name")" ]; then
			echo "$name"
			return 0
		fi
	done
	echo "install-packages.sh: this distribution has no package $*" >&2
	return 1
}

apt-get update -q
chosen=$(mktemp)
sed -e 's/#.*//' -e 's/|/ /g' "$@" | while read -r names; do
	# shellcheck disable=SC2086 # A line is a list of names.
	[ -z "$names" ] || choose $names
done >"$chosen"
xargs apt-get install -q --yes --no-install-recommends <"$chosen"
rm "$chosen"
