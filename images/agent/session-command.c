/* The command of a session: its variables, its user, and the start that the agent is told of. */
#define _GNU_SOURCE
#include "session-init.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { max_groups = 65536, last_capability = 63 };

void take_environment(void) {
  FILE *entries = fopen("environment", "re");
  if (!entries) fail("read the command's variables");
  char *entry = 0;
  size_t size = 0;
  /* putenv keeps the pointer that it is given. */
  for (; getdelim(&entry, &size, 0, entries) > 0; entry = 0, size = 0) putenv(entry);
  if (ferror(entries)) fail("read the command's variables");
  fclose(entries);
}

/*
 * A user that is not root may also be the user of the target's processes. Keeping CAP_WAKE_ALARM, which is useless here,
 * means that these can't trace the command or read its memory: ptrace(2) requires every capability of the tracee. No
 * program becomes root again.
 */
static void give_up_root(uid_t user) {
  for (int capability = 0; capability <= last_capability; capability++)
    if (capability != CAP_WAKE_ALARM) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setresuid(user, user, user) != 0) fail("change the user");
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct kept[2] = {{0}};
  kept[CAP_TO_INDEX(CAP_WAKE_ALARM)].permitted = CAP_TO_MASK(CAP_WAKE_ALARM);
  kept[CAP_TO_INDEX(CAP_WAKE_ALARM)].inheritable = CAP_TO_MASK(CAP_WAKE_ALARM);
  kept[CAP_TO_INDEX(CAP_WAKE_ALARM)].effective = CAP_TO_MASK(CAP_WAKE_ALARM);
  if (syscall(SYS_capset, &header, kept) != 0) fail("give up the capabilities");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_WAKE_ALARM, 0, 0) != 0) fail("keep a capability");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("set no_new_privs");
}

/* Root keeps its capabilities: with fewer than the target has, the command would no longer see the target's files, and
 * with as few, the target could trace the command. */
static void become_user(const char *text) {
  if (strcmp(text, "root") == 0) return;
  static gid_t groups[max_groups];
  size_t count = 0;
  char *rest;
  uid_t user = strtoul(text, &rest, 10);
  gid_t group = strtoul(rest + 1, &rest, 10);
  while (*rest != 0 && rest[1] != 0 && count < max_groups) groups[count++] = strtoul(rest + 1, &rest, 10);
  if (setgroups(count, groups) != 0 || setresgid(group, group, group) != 0) fail("change the groups");
  if (user != 0) give_up_root(user);
}

/* In the child. What fails here is said on stderr, which is the agent's, and in the pipe to session-init. */
static void prepare(const struct start *start) {
  /* A session of its own, as kubectl exec gives one, with the terminal, if there is one. No parent of the command is in
   * it, so its process group is orphaned: the kernel does not stop the command by Ctrl-Z, which nothing could continue.
   * A shell's jobs have a parent there, and stop. https://pubs.opengroup.org/onlinepubs/9799919799/functions/V2_chap02.html
   * ("Signal Actions") */
  if (setsid() < 0) fail("begin a session");
  if (isatty(STDIN_FILENO) && ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) fail("take the terminal");
  sigprocmask(SIG_SETMASK, start->signals, 0);
  /* In the child only, so that a file system of the target is in use no longer than the command runs. */
  if (chdir(start->directory) != 0) fail(start->directory);
  setenv("PWD", start->directory, 1);
  become_user(start->user);
  if (dup2(command_stderr, STDERR_FILENO) < 0) fail("open the command's stderr");
}

static void execute(char **command) {
  execvp(command[0], command);
  int error = errno;
  fprintf(stderr, "crashcart: %s: %s\n", command[0], strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}

pid_t start_command(const struct start *start) {
  /* exec closes it, and so is seen to have come. */
  int prepared[2];
  if (pipe2(prepared, O_CLOEXEC) != 0 || fcntl(command_stderr, F_SETFD, FD_CLOEXEC) != 0) fail("open a pipe");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    prepare(start);
    /* One byte: all that is ours has been done. The end alone would also be that of a child that was killed. */
    if (write(prepared[1], "", 1) != 1) _exit(entering_failed);
    execute(start->command);
  }
  close(prepared[1]);
  close(command_stderr);
  char byte;
  ssize_t count = 0;
  int is_prepared = 0;
  while ((count = read(prepared[0], &byte, 1)) > 0 || (count < 0 && errno == EINTR)) is_prepared |= count > 0;
  close(prepared[0]);
  if (is_prepared) return child;
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) fprintf(stderr, "session-init: start the command: killed by signal %d\n", WTERMSIG(status));
  return -1;
}
