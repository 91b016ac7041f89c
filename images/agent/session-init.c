/*
 * crashcart-init DIRECTORY COMMAND [ARGUMENT...]: runs a session's command in a directory and, when it has ended,
 * whatever it left running.
 *
 * In the target's PID namespace an orphan falls to the target's PID 1, which need not reap it: it would stay in
 * there as a zombie. So this adopts the command's orphans (as tini does), but also ends and reaps all of them
 * before it goes itself (as no init to be had does, but as PID 1).
 *
 * Before all else it detaches the root that it came from, at /mnt: the toolbox need not have a program for that.
 *
 * Signals are passed on to the command. SIGRTMIN+3, systemd's "halt", ends everything now.
 * Its exit code is the command's; 128+n for a signal, 126 or 127 when it can't be started, 125 for what it does itself.
 *
 * What is added to the environment stands in descriptor 8, each NAME=VALUE ended by a NUL byte: arguments can be read
 * by whoever is in the PID namespace, and no program before this one shall heed it, such as its LD_PRELOAD.
 *
 * Static: it is started through a descriptor when the file system that it came from is already out of reach.
 */
#define _GNU_SOURCE
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

/* Beyond, what can't be killed (it hangs in the kernel) is left to the agent, which kills the session's cgroup. */
enum { end_limit_ms = 2000, end_poll_ms = 10 };
enum { environment_descriptor = 8 };

static void take_environment(void) {
  FILE *entries = fdopen(environment_descriptor, "r");
  char *entry = 0;
  size_t size = 0;
  /* putenv keeps what it is given. */
  for (; entries && getdelim(&entry, &size, 0, entries) > 0; entry = 0, size = 0) putenv(entry);
}

static void take_name(char *argument) {
  static const char name[] = "crashcart-init:";
  prctl(PR_SET_NAME, "crashcart-init");
  /* What stands there is the descriptor's path, and of no use to who reads it in ps. */
  if (strlen(argument) == sizeof name - 1) memcpy(argument, name, sizeof name - 1);
}

static pid_t start_command(const char *directory, char **command, const sigset_t *signals) {
  pid_t child = fork();
  if (child != 0) return child;
  /* The foreground of the terminal, where there is one: Ctrl-C and Ctrl-Z are the command's alone. */
  setpgid(0, 0);
  tcsetpgrp(STDIN_FILENO, getpgrp());
  sigprocmask(SIG_SETMASK, signals, 0);
  /* By the child alone: a file system of the target's is not held any longer than the command is there. */
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

/* Reaps what has ended; takes over the status of the command when it is among that. */
static int reap(pid_t command, int *status) {
  int ended = 0, one;
  for (pid_t child; (child = waitpid(-1, &one, WNOHANG)) > 0;) {
    if (child != command) continue;
    *status = one;
    ended = 1;
  }
  return ended;
}

/* Its own children only: among the other processes here are the target's. */
static void kill_children(void) {
  FILE *children = fopen("/proc/thread-self/children", "re");
  if (!children) return;
  for (int child; fscanf(children, "%d", &child) == 1;)
    if (child > 1) kill(child, SIGKILL);
  fclose(children);
}

/* What they leave behind becomes a child too: again, until there is none. */
static void end_all(pid_t command, int *status) {
  const struct timespec pause = {.tv_nsec = end_poll_ms * 1000000L};
  for (int waited = 0; waited < end_limit_ms; waited += end_poll_ms) {
    kill_children();
    int one;
    pid_t child = waitpid(-1, &one, WNOHANG);
    if (child < 0) return;
    if (child == command) *status = one;
    if (child > 0) waited -= end_poll_ms;
    else nanosleep(&pause, 0);
  }
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  /* Never the command without it: the agent's files are the node's key. */
  if (umount2("/mnt", MNT_DETACH) != 0 || chdir("/") != 0) {
    perror("crashcart-init: the agent's files can't be detached");
    return 125;
  }
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  take_environment();
  close_range(3, ~0U, 0);
  take_name(arguments[0]);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) perror("crashcart-init: orphans fall to the target");

  pid_t command = start_command(arguments[1], arguments + 2, &before);
  if (command < 0) {
    perror("crashcart: fork");
    return 126;
  }
  /* As of what a halt leaves, should the command itself be what can't be killed. */
  int status = SIGKILL;
  for (;;) {
    int signal = sigwaitinfo(&all, 0);
    if (signal == SIGRTMIN + 3) break;
    if (signal == SIGCHLD) {
      if (reap(command, &status)) break;
    } else if (signal > 0) {
      kill(command, signal);
    }
  }
  end_all(command, &status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
