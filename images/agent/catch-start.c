/*
 * catch-start FOLDER FILE FREEZE THAW HOLD_MS before|after: holds a container at the start of its program.
 *
 *   FOLDER        the cgroup of the container's pod, in the node's file system
 *   FILE          the file of a cgroup below it that freezes: FREEZE is written to it, or THAW
 *   HOLD_MS       how long a container is held at most
 *   before|after  the program's execve: held before it, the tool that attaches sees it; after it, the first instruction
 *                 of the program is the next one, and /proc has what is the program's
 *
 * A runtime makes the cgroup of a container, puts its own init there, and lets it execute the program. Frozen before the
 * runtime is done with it, the init would hold the runtime, and through it the kubelet. So the init is traced up to
 * the execve; there it is frozen, and no longer traced: others can attach to it then.
 *
 * It tells on stdout, in lines:
 *   watching       from now on no start is missed
 *   found NAME     a cgroup has appeared: stdin is to answer `hold NAME` or `pass NAME`
 *   held NAME PID  it is frozen
 *   missed NAME    it was to be held, and could not be
 *   thawed WHY     attached, asked or time; then catch-start ends
 *   gone           the pod's cgroup has been removed
 *
 * The line `thaw` and the end of stdin have it thaw what it holds, and end. The kernel closes stdin when the agent ends,
 * however that may be. Whoever kills the agent kills all that is in its container's cgroup: so this program leaves it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a runtime may take from the cgroup to the program, and how long the agent may take to say whose start it is. */
enum { start_limit_ms = 30000, answer_limit_ms = 5000 };
enum { look_us = 200, attached_poll_ms = 5 };
/* A tool that has attached to the first thread attaches to the others, and asks them to stop. */
enum { attaching_ms = 100 };

static const char *folder, *control, *freeze, *thaw;
static int hold_before;

static long read_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void fail(const char *step) {
  fprintf(stderr, "%s: %s\n", step, strerror(errno));
  exit(1);
}

/* ---- what stdin says ---- */

static char line[NAME_MAX + 16];
static size_t line_length;

/* Waits for the next line. Returns 0 when none has come in time, -1 at the end of stdin. */
static int read_line(long limit_ms) {
  static char bytes[sizeof line];
  static size_t count;
  const long end_ms = read_clock_ms() + limit_ms;
  for (;;) {
    char *end = memchr(bytes, '\n', count);
    if (end) {
      line_length = end - bytes;
      memcpy(line, bytes, line_length);
      line[line_length] = 0;
      count -= line_length + 1;
      memmove(bytes, end + 1, count);
      return 1;
    }
    if (count == sizeof bytes) return -1;
    long left_ms = end_ms - read_clock_ms();
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready = poll(&input, 1, left_ms > 0 ? (int)left_ms : 0);
    if (ready == 0) return 0;
    ssize_t got = ready < 0 ? -1 : read(STDIN_FILENO, bytes + count, sizeof bytes - count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    count += got;
  }
}

static int is_line(const char *word, const char *name) {
  char expected[sizeof line];
  snprintf(expected, sizeof expected, "%s %s", word, name);
  return strcmp(line, expected) == 0;
}

/* ---- the cgroup ---- */

static void write_control(const char *name, const char *value, int is_needed) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s/%s", folder, name, control);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if ((file < 0 || write(file, value, strlen(value)) < 0) && is_needed) fprintf(stderr, "%s: %s\n", path, strerror(errno));
  if (file >= 0) close(file);
}

/*
 * Whether the process is a runtime's init that executes the program, and nothing else before: the last of the stages of
 * runc, which names them, or the one process that crun has in a container.
 */
static int is_last_init(pid_t pid) {
  char path[64], text[64];
  snprintf(path, sizeof path, "/proc/%d/comm", pid);
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  int is_read = fgets(text, sizeof text, file) != 0;
  fclose(file);
  return is_read && (strcmp(text, "runc:[2:INIT]\n") == 0 || strcmp(text, "crun\n") == 0);
}

/* Returns the init of the container; 0 when there is none (yet), -1 when the cgroup is gone. */
static pid_t find_init(const char *name) {
  /* crun may put the container into a cgroup of its own below. */
  static const char *const files[] = {"cgroup.procs", "container/cgroup.procs"};
  for (int index = 0; index < 2; index++) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, files[index]);
    FILE *file = fopen(path, "re");
    if (!file && index == 0) return -1;
    if (!file) continue;
    pid_t found = 0;
    for (int pid; !found && fscanf(file, "%d", &pid) == 1;)
      if (is_last_init(pid)) found = pid;
    fclose(file);
    if (found) return found;
  }
  return 0;
}

/* ---- the init, up to its execve ---- */

#if defined(__x86_64__)
typedef struct user_regs_struct registers;
static long get_call(const registers *all) { return all->orig_rax; }
static unsigned long long *get_argument(registers *all, int index) { return index == 0 ? &all->rdi : &all->rsi; }
/* The instruction that makes the call, `syscall`, has two bytes. */
static void repeat_call(registers *all, long call) {
  all->rax = call;
  all->rip -= 2;
}
#elif defined(__aarch64__)
typedef struct user_regs_struct registers;
static long get_call(const registers *all) { return all->regs[8]; }
static unsigned long long *get_argument(registers *all, int index) { return &all->regs[index]; }
static void repeat_call(registers *all, long call) {
  all->regs[8] = call;
  all->pc -= 4;
}
#else
#error "the registers of this architecture are not known"
#endif

static int access_registers(int request, pid_t pid, registers *all) {
  struct iovec part = {.iov_base = all, .iov_len = sizeof *all};
  return ptrace(request, pid, (void *)NT_PRSTATUS, &part) == 0;
}

enum stop { ended, other_stop, at_call };

/* When the runtime must have come to the program. */
static long start_end_ms;

/*
 * Waits for the next stop of the init, or its end: 0 when it has ended. SIGCHLD is blocked, and so stays pending until it
 * is taken here. An init that makes no step in time (its cgroup is frozen by another, its disk does not answer) can't be
 * detached, as it does not stop. The end of this program releases it: the kernel lets go what an ended tracer has traced.
 */
static int wait_for_stop(pid_t pid, int *status) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  for (;;) {
    pid_t got = waitpid(pid, status, __WALL | WNOHANG);
    if (got != 0) return got == pid && WIFSTOPPED(*status);
    long left_ms = start_end_ms - read_clock_ms();
    if (left_ms <= 0) {
      fprintf(stderr, "the runtime's init did not come to the program within %d s\n", start_limit_ms / 1000);
      exit(1);
    }
    struct timespec left = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000L};
    sigtimedwait(&child, 0, &left);
  }
}

/* Lets it go on to its next stop. */
static enum stop go_on(pid_t pid, int *delivered, int *is_exec) {
  int status;
  *is_exec = 0;
  if (ptrace(PTRACE_SYSCALL, pid, 0, (void *)(long)*delivered) != 0) return ended;
  *delivered = 0;
  if (!wait_for_stop(pid, &status)) return ended;
  if (WSTOPSIG(status) == (SIGTRAP | 0x80)) return at_call;
  if (status >> 16 == PTRACE_EVENT_EXEC) *is_exec = 1;
  else if (status >> 16 == 0) *delivered = WSTOPSIG(status);
  return other_stop;
}

/* The call fails, as its path can't be read, and is made again when the process goes on: nothing has happened then. */
static int rewind_call(pid_t pid, registers before, long call) {
  const int index = call == SYS_execveat;
  registers changed = before;
  *get_argument(&changed, index) = 1;
  int delivered = 0, is_exec;
  if (!access_registers(PTRACE_SETREGSET, pid, &changed)) return 0;
  enum stop stop;
  do stop = go_on(pid, &delivered, &is_exec);
  while (stop == other_stop);
  registers after;
  if (stop == ended || !access_registers(PTRACE_GETREGSET, pid, &after)) return 0;
  *get_argument(&after, 0) = *get_argument(&before, 0);
  *get_argument(&after, index) = *get_argument(&before, index);
  repeat_call(&after, call);
  return access_registers(PTRACE_SETREGSET, pid, &after);
}

/* Traces the init until it is where it is to be held. Returns whether it is there, traced and stopped. */
static int trace_to_program(pid_t pid) {
  if (ptrace(PTRACE_SEIZE, pid, 0, (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)) != 0) {
    fprintf(stderr, "the runtime's init can't be traced: %s\n", strerror(errno));
    return 0;
  }
  int status, delivered = 0, is_entry = 0, is_exec;
  ptrace(PTRACE_INTERRUPT, pid, 0, 0);
  if (!wait_for_stop(pid, &status)) return 0;
  for (;;) {
    enum stop stop = go_on(pid, &delivered, &is_exec);
    if (stop == ended) return 0;
    if (is_exec) return !hold_before;
    if (stop != at_call) continue;
    is_entry = !is_entry;
    registers all;
    if (!is_entry || !hold_before) continue;
    if (!access_registers(PTRACE_GETREGSET, pid, &all)) return 0;
    const long call = get_call(&all);
    if (call == SYS_execve || call == SYS_execveat) return rewind_call(pid, all, call);
  }
}

/* ---- one start ---- */

static int is_traced(pid_t pid) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "re");
  int tracer = 0;
  if (!file) return 0;
  while (fgets(text, sizeof text, file) && sscanf(text, "TracerPid: %d", &tracer) != 1) {
  }
  fclose(file);
  return tracer != 0;
}

/* Until a tool has attached, the hold is over, or it is asked to. */
static const char *wait_for_thaw(pid_t pid, long hold_ms) {
  const long end_ms = read_clock_ms() + hold_ms;
  while (read_clock_ms() < end_ms) {
    int got = read_line(attached_poll_ms);
    if (got < 0 || (got > 0 && strcmp(line, "thaw") == 0)) return "asked";
    if (!is_traced(pid)) continue;
    usleep(attaching_ms * 1000);
    return "attached";
  }
  return "time";
}

/* Returns whether the start was held, and is over. */
static int catch_start(const char *name, long hold_ms) {
  printf("found %s\n", name);
  start_end_ms = read_clock_ms() + start_limit_ms;
  pid_t pid;
  while ((pid = find_init(name)) == 0 && read_clock_ms() < start_end_ms) usleep(look_us);
  const int is_there = pid > 0 && trace_to_program(pid);
  int answer;
  do answer = read_line(answer_limit_ms);
  while (answer > 0 && !is_line("hold", name) && !is_line("pass", name) && strcmp(line, "thaw") != 0);
  const int is_wanted = answer > 0 && is_line("hold", name);
  if (!is_there) {
    if (is_wanted) printf("missed %s\n", name);
  } else if (is_wanted) {
    /* Stopped by the tracing, it is frozen as soon as that ends: before it runs an instruction. */
    write_control(name, freeze, 1);
  }
  if (pid > 0) ptrace(PTRACE_DETACH, pid, 0, 0);
  if (answer < 0 || (answer > 0 && strcmp(line, "thaw") == 0)) exit(0);
  if (!is_there || !is_wanted) return 0;
  printf("held %s %d\n", name, pid);
  const char *why = wait_for_thaw(pid, hold_ms);
  write_control(name, thaw, 0);
  printf("thawed %s\n", why);
  return 1;
}

/* ---- outside of the agent's container ---- */

/* The node's own first process is in cgroups that nobody empties, and that take processes: systemd's init.scope, or roots. */
static void join_cgroups_of_init(void) {
  FILE *file = fopen("/proc/1/cgroup", "re");
  if (!file) fail("/proc/1/cgroup");
  char text[PATH_MAX];
  while (fgets(text, sizeof text, file)) {
    text[strcspn(text, "\n")] = 0;
    char *names = strchr(text, ':'), *path = names ? strchr(names + 1, ':') : 0;
    if (!path) continue;
    *path++ = 0;
    names++;
    if (strncmp(names, "name=", 5) == 0) names += 5;
    /* A node with hierarchies of v1 has that of v2 beside them, if any. */
    const char *const places[] = {names, "unified"};
    for (int index = 0; index < 2; index++) {
      char procs[2 * PATH_MAX];
      snprintf(procs, sizeof procs, "/sys/fs/cgroup/%s%s/cgroup.procs", places[index], path);
      int joined = open(procs, O_WRONLY | O_CLOEXEC);
      if (joined < 0) continue;
      if (write(joined, "0\n", 2) < 0) fail(procs);
      close(joined);
      break;
    }
  }
  fclose(file);
}

/* The cgroup namespace: /proc/1/cgroup has paths as the reader's namespace sees them. */
static void enter_node(void) {
  int mounts = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC), cgroups = open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC);
  if (mounts < 0 || setns(mounts, CLONE_NEWNS) != 0) fail("enter the node's mounts");
  if (cgroups < 0 || setns(cgroups, CLONE_NEWCGROUP) != 0) fail("enter the node's cgroup namespace");
  close(mounts);
  close(cgroups);
  join_cgroups_of_init();
}

int main(int count, char **arguments) {
  if (count != 7) {
    fprintf(stderr, "usage: catch-start FOLDER FILE FREEZE THAW HOLD_MS before|after\n");
    return 2;
  }
  folder = arguments[1], control = arguments[2], freeze = arguments[3], thaw = arguments[4];
  const long hold_ms = atol(arguments[5]);
  hold_before = strcmp(arguments[6], "before") == 0;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, 0);
  setvbuf(stdout, 0, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  /* From the cgroup to the program it may be ten milliseconds. */
  setpriority(PRIO_PROCESS, 0, -20);
  enter_node();
  int events = inotify_init1(IN_CLOEXEC);
  if (events < 0 || inotify_add_watch(events, folder, IN_CREATE | IN_DELETE_SELF | IN_ONLYDIR) < 0) fail(folder);
  printf("watching\n");
  for (;;) {
    struct pollfd inputs[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = events, .events = POLLIN}};
    if (poll(inputs, 2, -1) < 0) fail("wait for a start");
    /* All that stdin can say now is to end. */
    if (inputs[0].revents) {
      int got = read_line(0);
      if (got < 0 || (got > 0 && strcmp(line, "thaw") == 0)) return 0;
    }
    if (!inputs[1].revents) continue;
    _Alignas(struct inotify_event) char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    ssize_t length = read(events, buffer, sizeof buffer);
    for (char *at = buffer; at < buffer + length;) {
      const struct inotify_event *event = (const struct inotify_event *)at;
      at += sizeof *event + event->len;
      if (event->mask & (IN_DELETE_SELF | IN_IGNORED)) {
        printf("gone\n");
        return 0;
      }
      if (event->len > 0 && event->mask & IN_ISDIR && catch_start(event->name, hold_ms)) return 0;
    }
  }
}
