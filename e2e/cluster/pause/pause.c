/* The process that holds a pod's namespaces: it reaps what falls to it when the pod shares its PID namespace. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, 0, WNOHANG) > 0) {
  }
}

static void stop(int signal) {
  (void)signal;
  _exit(0);
}

int main(void) {
  struct sigaction on_child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  struct sigaction on_end = {.sa_handler = stop};
  sigaction(SIGCHLD, &on_child, 0);
  sigaction(SIGINT, &on_end, 0);
  sigaction(SIGTERM, &on_end, 0);
  for (;;) pause();
}
