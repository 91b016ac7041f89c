/*
 * clone-node-mounts DIRECTORY: attaches the node's own mounts of file systems of the kernel below DIRECTORY, from where
 * sessions bind them. Run once, at the agent's start.
 *
 * The node's own, as another mount of such a file system would set the options of all of its mounts back to the defaults
 * (tracefs_reconfigure of Linux's fs/tracefs/inode.c, for one): who may trace on the node is the administrator's choice.
 * Where the node has not mounted a file system, there is nothing to set back. No packaged program takes a mount over
 * from another mount namespace: mount(2) refuses it, open_tree(2) (since Linux 5.2) does not.
 *
 * What the kernel does not have, or does not allow, is left out: a session is as useful as the node is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/mount.h, which older C libraries' sys/mount.h can't be used with. */
enum { open_tree_clone = 1, open_tree_recursive = 0x8000, move_mount_empty_path = 4 };

static const struct {
  const char *path, *name;
  /* What is mounted where the node has no mount; 0: nothing. */
  const char *type;
} mounts[] = {
    {"/sys/kernel/tracing", "tracing", "tracefs"},
    {"/sys/kernel/debug", "debug", "debugfs"},
    {"/sys/kernel/security", "security", "securityfs"},
    {"/sys/fs/cgroup", "cgroup", 0},
};
enum { mount_count = sizeof mounts / sizeof mounts[0] };

/* Returns a descriptor; -1 when nothing is mounted there. */
static int clone_mount(const char *path) {
  struct stat below, own;
  if (stat("/sys", &below) != 0 || stat(path, &own) != 0 || own.st_dev == below.st_dev) return -1;
  return syscall(SYS_open_tree, AT_FDCWD, path, open_tree_clone | open_tree_recursive | O_CLOEXEC);
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: clone-node-mounts DIRECTORY\n");
    return 2;
  }
  int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), node = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
  int clones[mount_count];
  /* Both change the root and the current directory to the namespace's. */
  if (own < 0 || node < 0 || setns(node, CLONE_NEWNS) != 0) {
    perror("clone-node-mounts: the node's mounts");
    return 1;
  }
  for (int index = 0; index < mount_count; index++) clones[index] = clone_mount(mounts[index].path);
  if (setns(own, CLONE_NEWNS) != 0 || mkdir(arguments[1], 0700) != 0 || chdir(arguments[1]) != 0) {
    perror("clone-node-mounts: the agent's mounts");
    return 1;
  }
  for (int index = 0; index < mount_count; index++) {
    const char *name = mounts[index].name, *type = mounts[index].type;
    mkdir(name, 0700);
    const int is_mounted =
        clones[index] < 0
            ? type && mount(type, name, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0) == 0
            : syscall(SYS_move_mount, clones[index], "", AT_FDCWD, name, move_mount_empty_path) == 0;
    /* What a session mounts in its copy must not come to the node, nor to another session. */
    if (!is_mounted || mount(0, name, 0, MS_REC | MS_PRIVATE, 0) != 0) rmdir(name);
  }
  return 0;
}
