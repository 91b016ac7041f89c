/*
 * session-init KIND USER DIRECTORY COMMAND [ARGUMENT...]: the last program of the agent's on the way into a target. Makes
 * the session's root the root, and runs the session's command in a directory. When the command has ended, session-init
 * ends every process that the command left running.
 *
 *   KIND       node, container, or ended (a container's files alone): what the session is of
 *   USER       root, or UID:GID:GROUP,GROUP...
 *
 * It is started by enter-target.sh in the target's namespaces, in the session's folder, with the agent's root. Its stderr
 * is the agent's: it takes the reason when a step fails; a NUL byte says that the command has been started, and nothing
 * fails after that. The command's own stderr is a descriptor. One static program takes all these steps, by system calls:
 * no toolbox needs to have programs for them, and each program more would take a millisecond of every start.
 *
 * In the target's PID namespace an orphan falls to the target's PID 1. A PID 1 that does not reap would keep the orphan
 * as a zombie. So session-init adopts the command's orphans, as tini does, and ends and reaps all of them before it
 * exits. No packaged init does the latter, except as PID 1.
 *
 * Signals are passed on to the command. SIGRTMIN+3, systemd's "halt", ends everything at once.
 * Exit code: the command's; 128+n when signal n ended it; 126 or 127 when it can't be executed; 125 when a step before
 * that fails.
 *
 * Variables for the command come in the file `environment` of the session's folder, each NAME=VALUE ended by a NUL byte.
 * As arguments they could be read in the PID namespace; as environment the programs before the command would obey them
 * (LD_PRELOAD).
 */
#define _GNU_SOURCE
#include "session-init.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * How long the ends of all processes may take, and how long none of them may end: a process that hangs in the kernel can't
 * be killed. The agent waits a little longer (haltStallMs) before it kills everything, session-init too.
 */
enum { end_limit_ms = 12000, stall_limit_ms = 1500, end_poll_ms = 10 };
/* Of each process of a session, as docs/sessions.md says. */
enum { max_descriptors = 65536 };
/* src/agent/bridge/entering-contract.ts has the same number; a test compares them. */
#define HALT_SIGNAL (SIGRTMIN + 3)

void fail(const char *step) {
  fprintf(stderr, "session-init: %s: %s\n", step, strerror(errno));
  _exit(entering_failed);
}

/* The command gets its streams and nothing else; close_range(2) came with Linux 5.9. Its stderr is closed by exec. */
static void close_descriptors(void) {
  if (close_range(STDERR_FILENO + 1, command_stderr - 1, 0) == 0 && close_range(command_stderr + 1, ~0U, 0) == 0) return;
  DIR *descriptors = opendir("/proc/self/fd");
  if (!descriptors) fail("close the descriptors");
  for (struct dirent *entry; (entry = readdir(descriptors));) {
    int descriptor = atoi(entry->d_name);
    if (descriptor > STDERR_FILENO && descriptor != command_stderr && descriptor != dirfd(descriptors)) close(descriptor);
  }
  closedir(descriptors);
}

/* A runtime may set no limit: programs that go through all possible descriptors would not get to an end. */
static void limit_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("read the limit of descriptors");
  if (limit.rlim_max > max_descriptors) limit.rlim_max = max_descriptors;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("limit the descriptors");
}

/* A dump goes to the current folder, which may be the target's: its root could have a process of the session dump its memory
 * there, by a signal. A session of root may raise the limit again. */
static void forbid_core_dumps(void) {
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) fail("limit the core dumps");
}

/*
 * Reaps the children that have ended. Returns whether the command was one of them, and then sets its status. A command on a
 * terminal that has stopped is continued with its process group, as no shell is there to do so: Ctrl-Z does not stop it
 * (session-command.c), but top and nano answer it by SIGSTOP.
 */
static int reap(pid_t command, int *status) {
  int ended = 0, one;
  for (pid_t child; (child = waitpid(-1, &one, WNOHANG | WUNTRACED)) > 0;) {
    if (child != command) continue;
    if (WIFSTOPPED(one)) {
      if (isatty(STDIN_FILENO)) kill(-command, SIGCONT);
      continue;
    }
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

/*
 * The orphans of a killed child become children, too: so again, until there is no child. All are killed first and reaped
 * then: to read the list of children after each one of thousands would take minutes.
 */
static void end_all(pid_t command, int *status) {
  const struct timespec pause = {.tv_nsec = end_poll_ms * 1000000L};
  const long begin_ms = read_clock_ms();
  for (long last_ms = begin_ms, now_ms = begin_ms; now_ms - last_ms < stall_limit_ms && now_ms - begin_ms < end_limit_ms;
       now_ms = read_clock_ms()) {
    kill_children();
    pid_t child;
    for (int one; (child = waitpid(-1, &one, WNOHANG)) > 0; last_ms = read_clock_ms())
      if (child == command) *status = one;
    if (child < 0) return;
    nanosleep(&pause, 0);
  }
}

int main(int count, char **arguments) {
  if (count < 5) {
    fprintf(stderr, "session-init: usage: session-init KIND USER DIRECTORY COMMAND [ARGUMENT...]\n");
    return entering_failed;
  }
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  /* No process of another user namespace, whatever it may do there, traces this one or reads its memory: ptrace(2). It
   * ends with exec: the command is traced as usual. */
  prctl(PR_SET_DUMPABLE, 0);
  take_environment();
  enter_root(strcmp(arguments[1], "node") == 0);
  close_descriptors();
  limit_descriptors();
  forbid_core_dumps();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("become the parent of orphans");

  const struct start start = {
      .user = arguments[2], .directory = arguments[3], .command = arguments + 4, .signals = &before};
  pid_t command = start_command(&start);
  if (command < 0) return entering_failed;
  /* From here on the session is the command's. */
  if (write(STDERR_FILENO, "", 1) != 1) kill(command, SIGKILL);
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
  /* Before the rest is ended: the agent helps with that. */
  if (WIFEXITED(status)) dprintf(STDERR_FILENO, "session-init: exit code %d\n", WEXITSTATUS(status));
  else dprintf(STDERR_FILENO, "session-init: signal %d\n", WTERMSIG(status));
  end_all(command, &status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
