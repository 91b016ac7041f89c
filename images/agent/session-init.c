/*
 * session-init DIRECTORY COMMAND [ARGUMENT...]: runs a session's command in a directory. When the command has ended,
 * session-init ends every process that the command left running.
 *
 * In the target's PID namespace an orphan falls to the target's PID 1. A PID 1 that does not reap would keep the orphan
 * as a zombie. So session-init adopts the command's orphans, as tini does, and ends and reaps all of them before it
 * exits. No packaged init does the latter, except as PID 1.
 *
 * First it detaches the old root at /mnt: the toolbox may have no program for that.
 *
 * Signals are passed on to the command. SIGRTMIN+3, systemd's "halt", ends everything at once.
 * Exit code: the command's; 128+n when signal n ended it; 126 or 127 when it can't be started; 125 when session-init
 * itself fails.
 *
 * Variables for the command come in a descriptor, each NAME=VALUE ended by a NUL byte. As arguments they could be read
 * in the PID namespace; as environment the programs before the command would obey them (LD_PRELOAD).
 *
 * Linked statically: it is started through a descriptor when its file system is already out of reach.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* After this time the agent kills the session's cgroup. A process that hangs in the kernel can't be killed at all. */
enum { end_limit_ms = 2000, end_poll_ms = 10 };
/* enter-target.sh and src/agent/bridge/entering-contract.ts have the same numbers; a test compares them. */
enum { command_environment = 8 };
#define HALT_SIGNAL (SIGRTMIN + 3)

static void take_environment(void) {
  FILE *entries = fdopen(command_environment, "r");
  char *entry = 0;
  size_t size = 0;
  /* putenv keeps the pointer that it is given. */
  for (; entries && getdelim(&entry, &size, 0, entries) > 0; entry = 0, size = 0) putenv(entry);
}

/* ps would show the path of a descriptor. The new name is padded: it must be exactly as long as the old one. */
static void take_name(char *argument) {
  static const char path[] = "/proc/self/fd/9", name[] = "session-init:  ";
  _Static_assert(sizeof path == sizeof name, "the name overwrites the path in place");
  prctl(PR_SET_NAME, "session-init");
  if (strcmp(argument, path) == 0) memcpy(argument, name, sizeof name - 1);
}

/* The command gets its streams and nothing else. close_range(2) came with Linux 5.9. */
static void close_descriptors(void) {
  if (close_range(3, ~0U, 0) == 0) return;
  DIR *descriptors = opendir("/proc/self/fd");
  if (!descriptors) return;
  for (struct dirent *entry; (entry = readdir(descriptors));) {
    int descriptor = atoi(entry->d_name);
    if (descriptor > 2 && descriptor != dirfd(descriptors)) close(descriptor);
  }
  closedir(descriptors);
}

static pid_t start_command(const char *directory, char **command, const sigset_t *signals) {
  pid_t child = fork();
  if (child != 0) return child;
  /* The foreground group of the terminal, if there is one: Ctrl-C and Ctrl-Z reach the command alone. */
  setpgid(0, 0);
  tcsetpgrp(STDIN_FILENO, getpgrp());
  sigprocmask(SIG_SETMASK, signals, 0);
  /* In the child only, so that a file system of the target is in use no longer than the command runs. */
  if (chdir(directory) != 0) {
    fprintf(stderr, "crashcart: %s: %s\n", directory, strerror(errno));
    _exit(125);
  }
  setenv("PWD", directory, 1);
  execvp(command[0], command);
  int error = errno;
  fprintf(stderr, "crashcart: %s: %s\n", command[0], strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}

/* Reaps the children that have ended. Returns whether the command was one of them, and then sets its status. */
static int reap(pid_t command, int *status) {
  int ended = 0, one;
  for (pid_t child; (child = waitpid(-1, &one, WNOHANG)) > 0;) {
    if (child != command) continue;
    *status = one;
    ended = 1;
  }
  return ended;
}

/* Only children: the other processes of the namespace are the target's. */
static void kill_children(void) {
  FILE *children = fopen("/proc/thread-self/children", "re");
  if (!children) return;
  for (int child; fscanf(children, "%d", &child) == 1;)
    if (child > 1) kill(child, SIGKILL);
  fclose(children);
}

static long read_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* The orphans of a killed child become children, too: so again, until there is no child or the time is over. */
static void end_all(pid_t command, int *status) {
  const struct timespec pause = {.tv_nsec = end_poll_ms * 1000000L};
  for (long end_ms = read_clock_ms() + end_limit_ms; read_clock_ms() < end_ms;) {
    kill_children();
    int one;
    pid_t child = waitpid(-1, &one, WNOHANG);
    if (child < 0) return;
    if (child == command) *status = one;
    if (child == 0) nanosleep(&pause, 0);
  }
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "session-init: usage: session-init DIRECTORY COMMAND [ARGUMENT...]\n");
    return 125;
  }
  /* No command is started otherwise: whoever has the agent's files is root on the node. */
  if (umount2("/mnt", MNT_DETACH) != 0 || chdir("/") != 0) {
    perror("session-init: the agent's files can't be detached");
    return 125;
  }
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  take_environment();
  close_descriptors();
  take_name(arguments[0]);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) perror("session-init: orphans fall to the target");

  pid_t command = start_command(arguments[1], arguments + 2, &before);
  if (command < 0) {
    perror("session-init: fork");
    return 126;
  }
  /* The status after a halt that does not get the command to end. */
  int status = SIGKILL;
  for (;;) {
    int signal = sigwaitinfo(&all, 0);
    if (signal == HALT_SIGNAL) break;
    if (signal == SIGCHLD) {
      if (reap(command, &status)) break;
    } else if (signal > 0) {
      kill(command, signal);
    }
  }
  end_all(command, &status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
