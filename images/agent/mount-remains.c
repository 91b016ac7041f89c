/*
 * mount-remains LIST ROOT: shows what is left of a container that has ended, in the root of a session: its files and
 * volumes at ROOT/target, its log at ROOT/target-log. All of it is read-only, and nothing of it can be executed, act as a
 * device or give anybody rights: it is the work of whatever ran in the container.
 *
 * LIST is a file of fields that are ended by a NUL byte (src/agent/bridge/remains/remains-list.ts): `overlay` or `bind`, a
 * folder, the options of the overlay, the log, and for each volume its path on the node and its path in the container.
 *
 * The paths are the node's. Only in a mount namespace of the node's mounts can an overlay have layers there (overlayfs
 * refuses those of another one), and nothing may appear in the node's own. So the mounts are made in a copy of it, are
 * taken along as descriptors (open_tree(2), since Linux 5.2), and are attached in the session's namespace. They are gone
 * with the session's last process. No program of the node is executed.
 *
 * What is missing of volumes and log is told on stderr, in lines that begin with "warning: ", and is no failure.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/mount.h, which older C libraries' sys/mount.h can't be used with. */
enum { open_tree_clone = 1, move_mount_from_descriptor = 4, move_mount_to_descriptor = 0x40 };
enum { max_list = 1 << 20, max_fields = 4096, first_volume = 4 };

static const unsigned long harmless = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

static void fail(const char *step) {
  fprintf(stderr, "mount-remains: %s: %s\n", step, strerror(errno));
  exit(1);
}

/* Returns the number of fields. */
static int read_list(const char *path, const char **fields) {
  char *text = malloc(max_list);
  FILE *file = fopen(path, "re");
  if (!text || !file) fail("read the list");
  const size_t length = fread(text, 1, max_list, file);
  if (ferror(file) || length == max_list || length == 0 || text[length - 1] != 0) fail("read the list");
  fclose(file);
  int count = 0;
  for (char *field = text; field < text + length; field += strlen(field) + 1) {
    if (count == max_fields) fail("read the list");
    fields[count++] = field;
  }
  if (count < first_volume || (count - first_volume) % 2 != 0) fail("read the list");
  return count;
}

/* Without what is mounted below: a volume is one file system. */
static int clone_mount(const char *path) {
  return syscall(SYS_open_tree, AT_FDCWD, path, open_tree_clone | O_CLOEXEC);
}

/* The kubelet and the runtimes write a log as a regular file: a link in its place was put there by somebody else. */
static int clone_log(const char *path) {
  struct stat facts;
  const int log = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (log < 0 || fstat(log, &facts) != 0) return -1;
  if (!S_ISREG(facts.st_mode)) return errno = EINVAL, -1;
  return syscall(SYS_open_tree, log, "", open_tree_clone | O_CLOEXEC | AT_EMPTY_PATH);
}

static int clone_files(const char *const *fields) {
  const char *folder = fields[1];
  if (strcmp(fields[0], "bind") == 0) return clone_mount(folder);
  /* The layers' paths begin there. */
  if (chdir(folder) != 0 || mount("crashcart", ".", "overlay", harmless, fields[2]) != 0) return -1;
  return clone_mount(folder);
}

static int attach(int tree, int place) {
  return syscall(SYS_move_mount, tree, "", place, "", move_mount_from_descriptor | move_mount_to_descriptor);
}

/* A mount that is not harmless is not left to a session. */
static void make_harmless(int mounted) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", mounted);
  if (mount(0, path, 0, MS_REMOUNT | MS_BIND | harmless, 0) != 0) fail("make a mount read-only");
}

/* As a process in the container would find it: no link of the container's leads out of its root. Since Linux 5.6. */
static int find_place(int root, const char *path) {
  struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return syscall(SYS_openat2, root, path, &how, sizeof how);
}

static void attach_volume(int root, int tree, const char *path) {
  const int place = tree < 0 ? -1 : find_place(root, path);
  if (place < 0 || attach(tree, place) != 0) {
    fprintf(stderr, "warning: the volume at %s can't be shown: %s\n", path,
            tree >= 0 && errno == ENOENT ? "the container's files have no such path" : strerror(errno));
    return;
  }
  const int mounted = find_place(root, path);
  if (mounted < 0) fail("find a volume again");
  make_harmless(mounted);
}

static void attach_log(int tree, const char *root) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/target-log", root);
  const int place = tree < 0 ? -1 : open(path, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0444);
  if (place < 0 || attach(tree, place) != 0) {
    fprintf(stderr, "warning: there is no log at /target-log: %s\n",
            tree < 0 && errno == ENOENT ? "it is no longer on the node" : strerror(errno));
    if (place >= 0) unlink(path);
    return;
  }
  const int mounted = open(path, O_PATH | O_CLOEXEC);
  if (mounted < 0) fail("find the log again");
  make_harmless(mounted);
}

int main(int count, char **arguments) {
  static const char *fields[max_fields];
  static int trees[max_fields], errors[max_fields];
  char target[PATH_MAX];
  if (count != 3) {
    fprintf(stderr, "usage: mount-remains LIST ROOT\n");
    return 2;
  }
  const int length = read_list(arguments[1], fields);
  snprintf(target, sizeof target, "%s/target", arguments[2]);
  const int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), node = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
  const int place = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (own < 0 || node < 0 || place < 0) fail("open the mount namespaces");

  /* Both change the root and the current directory to the namespace's. */
  if (setns(node, CLONE_NEWNS) != 0 || unshare(CLONE_NEWNS) != 0 || mount(0, "/", 0, MS_REC | MS_PRIVATE, 0) != 0)
    fail("copy the node's mounts");
  for (int index = first_volume; index < length; index += 2) {
    trees[index] = clone_mount(fields[index]);
    errors[index] = errno;
  }
  const int log = clone_log(fields[3]), log_error = errno, files = clone_files(fields);
  if (files < 0) fail("mount the container's files");
  if (setns(own, CLONE_NEWNS) != 0) fail("come back from the node's mounts");

  if (attach(files, place) != 0) fail("attach the container's files");
  const int root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail("open the container's files");
  make_harmless(root);
  const char *separator = "warning: volumes that are no longer on the node: ";
  for (int index = first_volume; index < length; index += 2) {
    if (trees[index] >= 0 || errors[index] != ENOENT) continue;
    fprintf(stderr, "%s%s", separator, fields[index + 1]);
    separator = ", ";
  }
  if (*separator == ',') fprintf(stderr, "\n");
  for (int index = first_volume; index < length; index += 2) {
    if (trees[index] < 0 && errors[index] == ENOENT) continue;
    errno = errors[index];
    attach_volume(root, trees[index], fields[index + 1]);
  }
  errno = log_error;
  attach_log(log, arguments[2]);
  return 0;
}
