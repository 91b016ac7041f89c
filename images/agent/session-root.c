/* The session's root: the file systems of the kernel that belong into it, and the way out of the agent's root. */
#define _GNU_SOURCE
#include "session-init.h"
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT "/dev/crashcart"
/* Made by clone-node-mounts at the agent's start. */
#define NODE "/run/crashcart/node"

static const unsigned long harmless = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/* Not every kernel has what is mounted here, and lockdown or a security module may not allow it: without, a session is
 * as useful as the node is. */
static void mount_tracing(void) {
  mount(NODE "/tracing", ROOT "/sys/kernel/tracing", 0, MS_BIND | MS_REC, 0);
  mount(NODE "/debug", ROOT "/sys/kernel/debug", 0, MS_BIND | MS_REC, 0);
  /* Each mount is a file system of its own: what a session pins ends with the session, and no other one reaches it. */
  mount("bpf", ROOT "/sys/fs/bpf", "bpf", harmless, "mode=700");
}

/* Only for a session of the node: a container's own cgroup is all of the hierarchy that it sees. */
static void mount_node_files(void) {
  mount(NODE "/security", ROOT "/sys/kernel/security", 0, MS_BIND | MS_REC, 0);
  mount(NODE "/cgroup", ROOT "/sys/fs/cgroup", 0, MS_BIND | MS_REC, 0);
}

void enter_root(int is_node) {
  /* proc shows the PID namespace of the process that mounts it, sysfs its network namespace. */
  if (mount("proc", ROOT "/proc", "proc", harmless, 0) != 0) fail("mount proc");
  if (mount("sysfs", ROOT "/sys", "sysfs", harmless, 0) != 0) fail("mount sysfs");
  mount_tracing();
  if (is_node) mount_node_files();
  if (chdir(ROOT) != 0) fail("cd " ROOT);
  /* Not chroot alone, which leaves the agent's files in reach. No command is started with them in reach: whoever has
   * them is root on the node. */
  if (syscall(SYS_pivot_root, ".", "mnt") != 0) fail("pivot_root");
  if (umount2("/mnt", MNT_DETACH) != 0) fail("umount the agent's root");
  if (chdir("/") != 0) fail("cd /");
}
