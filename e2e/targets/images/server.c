/*
 * What the targets run: answers each TCP connection with a line, and otherwise wakes up once a second, so that
 * strace and tcpdump have something to show. The environment tells it to misbehave:
 *   PORT=N (8080)  ALLOCATE_MIB=N: takes that much memory  EXIT_AFTER=SECONDS  EXIT_CODE=N (0)
 */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void stop(int signal) {
  (void)signal;
  _exit(0);
}

static long read_setting(const char *name, long fallback) {
  const char *value = getenv(name);
  return value ? atol(value) : fallback;
}

static int listen_on(long port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
    perror("cannot listen");
    exit(1);
  }
  return listener;
}

static void allocate(long mebibytes) {
  for (long i = 0; i < mebibytes; i++) {
    char *block = malloc(1 << 20);
    if (block) memset(block, 1, 1 << 20);
  }
}

int main(void) {
  static const char greeting[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
  char request[4096];
  long exit_after = read_setting("EXIT_AFTER", 0);
  time_t started = time(0);
  /* PID 1 of a container ignores every signal that it has no handler for. */
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  signal(SIGPIPE, SIG_IGN);
  struct pollfd listener = {.fd = listen_on(read_setting("PORT", 8080)), .events = POLLIN};
  puts("serving");
  fflush(stdout);
  allocate(read_setting("ALLOCATE_MIB", 0));
  for (;;) {
    if (poll(&listener, 1, 1000) > 0) {
      int connection = accept(listener.fd, 0, 0);
      if (connection >= 0) {
        struct timeval limit = {.tv_sec = 1};
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (read(connection, request, sizeof request) >= 0 && write(connection, greeting, sizeof greeting - 1) < 0)
          perror("cannot answer");
        close(connection);
      }
    }
    if (exit_after && time(0) - started >= exit_after) return (int)read_setting("EXIT_CODE", 0);
  }
}
