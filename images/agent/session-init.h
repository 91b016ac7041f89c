/* What the parts of session-init share; session-init.c has main. */
#include <signal.h>
#include <sys/types.h>

enum { entering_failed = 125 };
/* The descriptor of the command's stderr. src/agent/bridge/entering-contract.ts has the same number; a test compares
 * them. */
enum { command_stderr = 7 };

/* Says which step of entering failed, and why (errno), and exits. */
_Noreturn void fail(const char *step);

/* session-root.c: makes the session's root the root, and leaves the agent's. node: the session is the node's own. */
void enter_root(int is_node);

/* How the command is started. */
struct start {
  /* "root", or UID:GID:GROUP,GROUP... */
  const char *user;
  /* Where the command starts. */
  const char *directory;
  char **command;
  /* The signals that are blocked in the command. */
  const sigset_t *signals;
};

/* session-command.c: reads the variables for the command alone from the session's folder, the current one. */
void take_environment(void);

/* session-command.c: starts the command. Returns once the command runs, or could not be executed and ends with 126 or
 * 127; -1 when a step before that has failed, which has been said. */
pid_t start_command(const struct start *start);
