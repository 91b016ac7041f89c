/*
 * read-target LIMIT_MS (ROOT MAX_BYTES PATH)...: reads small files that may never answer.
 *
 * A target decides what its files are: a FUSE or NFS below its root may keep a reader waiting for ever, in a sleep that
 * no signal ends (https://docs.kernel.org/filesystems/fuse.html, "Interrupting filesystem operations"), and so may its
 * memory behind /proc/PID/environ. The agent has four threads for files; so the agent does not read them itself.
 *
 * Each file is read by a process of its own, which has nothing of the agent's and is killed when it has not answered
 * after LIMIT_MS. PATH is resolved below ROOT as by a process whose root is ROOT; no link leads out.
 *
 * stdout gets a record for each file, in their order: "STATUS LENGTH\n" and LENGTH bytes. STATUS is `read` with the
 * content, `missing`, `refused` with the reason (not a regular file, too long, an error), or `unanswered`. After the last
 * record stdout ends. read-target itself ends when none of its processes hangs any longer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As in the kernel's own path walk (MAXSYMLINKS). */
enum { max_links = 40, max_depth = 64, max_path = 4096, max_files = 16 };
enum { own_failure = 125 };

struct reading {
  pid_t process;
  int pipe;
  size_t length, capacity;
  char *bytes; /* the first is a letter for the status */
};

static long read_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* Sets errno to ENAMETOOLONG when the two do not fit. */
static int prepend(char *rest, const char *link) {
  char whole[2 * max_path];
  int length = snprintf(whole, sizeof whole, "%s/%s", link, rest);
  if (length >= max_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(rest, whole, length + 1);
  return 0;
}

/*
 * Every step goes through a descriptor, links are read and walked here, and `..` at the root stays there. openat2 with
 * RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS does the same from Linux 5.6 on. Returns a descriptor with O_PATH: opening a
 * device can act (a watchdog begins to run), and opening a FIFO waits for its other end.
 */
static int walk(const char *root, const char *path) {
  int folders[max_depth], depth = 0, links = 0;
  char rest[max_path] = "", link[max_path];
  if (prepend(rest, path) != 0) return -1;
  folders[0] = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folders[0] < 0) return -1;
  for (;;) {
    char *name = rest + strspn(rest, "/"), after[max_path];
    size_t length = strcspn(name, "/");
    strcpy(after, name + length);
    name[length] = 0;
    int is_last = after[strspn(after, "/")] == 0;
    if (strcmp(name, "..") == 0) {
      if (depth > 0) close(folders[depth--]);
    } else if (length > 0 && strcmp(name, ".") != 0) {
      ssize_t linked = readlinkat(folders[depth], name, link, sizeof link - 1);
      if (linked >= 0) {
        link[linked] = 0;
        if (++links > max_links) return errno = ELOOP, -1;
        if (link[0] == '/')
          while (depth > 0) close(folders[depth--]);
        if (prepend(after, link) != 0) return -1;
      } else if (errno != EINVAL) {
        return -1;
      } else {
        int found = openat(folders[depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (is_last ? 0 : O_DIRECTORY));
        if (found < 0 || is_last) return found;
        if (++depth == max_depth) return errno = ELOOP, -1;
        folders[depth] = found;
      }
    } else if (is_last) {
      return errno = EISDIR, -1;
    }
    strcpy(rest, after);
  }
}

/* Writes the letter of a status, then what belongs to it. */
static void answer(int out, char status, const char *bytes, size_t length) {
  if (write(out, &status, 1) != 1) _exit(own_failure);
  for (ssize_t written; length > 0; bytes += written, length -= written)
    if ((written = write(out, bytes, length)) < 0) _exit(own_failure);
  _exit(0);
}

static void refuse(int out, const char *why) { answer(out, 'r', why, strlen(why)); }

static void fail(int out) {
  if (errno == ENOENT || errno == ENOTDIR) answer(out, 'm', "", 0);
  refuse(out, strerror(errno));
}

static void read_file(int out, const char *root, size_t max_bytes, const char *path) {
  int found = walk(root, path);
  struct stat facts;
  if (found < 0 || fstat(found, &facts) != 0) fail(out);
  if (!S_ISREG(facts.st_mode)) refuse(out, "it is not a regular file");
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", found);
  int file = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  char *bytes = malloc(max_bytes + 1);
  if (file < 0 || !bytes) fail(out);
  size_t length = 0;
  for (ssize_t one; (one = read(file, bytes + length, max_bytes + 1 - length)) != 0; length += one) {
    if (one < 0) fail(out);
    if (length + one > max_bytes) refuse(out, "it is too long");
  }
  answer(out, 'c', bytes, length);
}

/* The process has no descriptor but its pipe: one that hangs for ever must hold nothing of the agent's. */
static struct reading start_reading(const char *root, size_t max_bytes, const char *path) {
  struct reading reading = {.capacity = max_bytes + 1024};
  int ends[2];
  pid_t parent = getpid();
  if (pipe(ends) != 0 || !(reading.bytes = malloc(reading.capacity))) _exit(own_failure);
  reading.process = fork();
  if (reading.process < 0) _exit(own_failure);
  if (reading.process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(own_failure);
    dup2(ends[1], STDIN_FILENO);
    for (int descriptor = 1; descriptor < 3 + 2 * max_files; descriptor++) close(descriptor);
    read_file(STDIN_FILENO, root, max_bytes, path);
  }
  close(ends[1]);
  reading.pipe = ends[0];
  return reading;
}

/* Takes what has come. Returns whether that was all. */
static int receive(struct reading *reading) {
  size_t room = reading->capacity - reading->length;
  ssize_t one = room == 0 ? 0 : read(reading->pipe, reading->bytes + reading->length, room);
  if (one > 0) reading->length += one;
  return one <= 0;
}

static void receive_all(struct reading *readings, int count, long limit_ms) {
  struct pollfd polls[max_files];
  int open_pipes = count;
  for (int i = 0; i < count; i++) polls[i] = (struct pollfd){.fd = readings[i].pipe, .events = POLLIN};
  for (long end_ms = read_clock_ms() + limit_ms, left_ms; open_pipes > 0;) {
    if ((left_ms = end_ms - read_clock_ms()) <= 0) break;
    if (poll(polls, count, left_ms) <= 0) continue;
    for (int i = 0; i < count; i++) {
      if (!polls[i].revents || !receive(&readings[i])) continue;
      polls[i].fd = -1;
      readings[i].pipe = -1;
      open_pipes--;
    }
  }
}

static void report(const struct reading *reading) {
  if (reading->pipe >= 0) {
    kill(reading->process, SIGKILL);
    printf("unanswered 0\n");
    return;
  }
  char status = reading->length > 0 ? reading->bytes[0] : 'd';
  const char *bytes = reading->bytes + 1;
  size_t length = reading->length > 0 ? reading->length - 1 : 0;
  if (status == 'd') bytes = "its reader was killed", length = strlen(bytes);
  printf("%s %zu\n", status == 'c' ? "read" : status == 'm' ? "missing" : "refused", length);
  fwrite(bytes, 1, length, stdout);
}

int main(int count, char **arguments) {
  int first = 2, files = (count - first) / 3;
  if (files < 1 || files > max_files || (count - first) % 3 != 0) {
    fprintf(stderr, "usage: read-target LIMIT_MS (ROOT MAX_BYTES PATH)...\n");
    return 2;
  }
  struct reading readings[max_files];
  for (int i = 0; i < files; i++) {
    char **file = arguments + first + 3 * i;
    readings[i] = start_reading(file[0], strtoul(file[1], 0, 10), file[2]);
  }
  receive_all(readings, files, atol(arguments[1]));
  for (int i = 0; i < files; i++) report(&readings[i]);
  if (fclose(stdout) != 0) return own_failure;
  close(STDERR_FILENO);
  while (waitpid(-1, 0, 0) > 0) continue;
  return 0;
}
