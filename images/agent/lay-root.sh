#!/bin/sh
# lay-root.sh ROOT: lays out the agent's root file system, whose programs are the toolbox's at /toolbox, through links:
# a second distribution beside it would be 120 MB more to pull for every node.
set -eu
cd "$1"
mkdir -p dev etc proc root run/crashcart sys usr/local/bin var
mkdir -m 1777 tmp
for name in bin sbin lib lib64; do
	[ ! -e "/usr/$name" ] || {
		ln -s "/toolbox/usr/$name" "usr/$name"
		ln -s "usr/$name" "$name"
	}
done
ln -s /toolbox/usr/share usr/share
# /etc and what is mounted on are the agent's own.
ln -s /toolbox/etc/alternatives etc/alternatives
cp /etc/group /etc/ld.so.cache /etc/nsswitch.conf /etc/passwd etc
