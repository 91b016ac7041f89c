#!/bin/sh
# trim-root.sh: sets up what the packages leave open, and removes what no session needs.
set -eu
update-alternatives --install /usr/bin/vim vim /usr/bin/vim.tiny 10
# Ubuntu's /usr/bin/perf looks for one of the running kernel's version; any reads the kernel's stable interface.
for perf in /usr/lib/linux-tools/*/perf; do
	[ ! -e "$perf" ] || ln -sf "$perf" /usr/local/bin/perf
done
# What the base brought of documentation goes too: the agent image takes the result as one layer.
find /usr/share/doc -depth ! -type d ! -name copyright -delete
find /usr/share/doc -depth -type d -empty -delete
rm -rf /usr/share/man /usr/share/info /usr/share/locale
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /tmp/*
find /var/log -type f -delete
mkdir -p /proc /sys /dev /tmp /run /usr/share/man/man1
chmod 1777 /tmp
