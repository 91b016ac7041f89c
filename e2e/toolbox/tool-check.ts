import type { ProblemName } from '../../docs/reference/cookbook/problems.ts';

/** Shows that a tool works: what to run in a session, and what its output then has to hold. */
export interface ToolCheck {
  /** For bash, in the target's namespaces, with the path of its program as $SERVER; ended after {@link checkLimitSeconds}. */
  script: string;
  shows: RegExp;
  /** What it is an example of, in docs/cookbook.md. */
  example?: CheckExample | undefined;
}

export interface CheckExample {
  problem: ProblemName | ProblemName[];
  /** What a user types for it, where the script does more than that: flags of the plugin, or a command. */
  typed?: string;
  /** What the output is, where it is not what a user's terminal would show. */
  from?: string;
}

/** By the tool's name. */
export type ToolChecks = Record<string, ToolCheck>;

/** What one check printed, stdout and stderr, and how it ended. */
export interface CheckResult {
  output: string;
  code: number;
}

/** One check may take this long. */
const checkLimitSeconds = 25;

const marker = '=== check';

/**
 * Formats one script that runs all checks, one after the other, for bash's stdin.
 * @param servers source of test-servers.py, which runs meanwhile; null: without.
 */
export function formatCheckScript(checks: ToolChecks, servers: string | null = null): string {
  const lines = Object.entries(checks).map(([name, { script }]) => {
    const quoted = `'${script.replaceAll("'", "'\\''")}'`;
    return [
      `cd "$(mktemp -d)" && echo '${marker} ${name}'`,
      `timeout --kill-after=2 ${checkLimitSeconds} bash -c ${quoted} </dev/null 2>&1`,
      // At the beginning of a line, whatever was printed last.
      `printf '\\n%s\\n' "${marker} code $?"`,
    ].join('\n');
  });
  const preparation = ['export TERM=xterm', 'export SERVER="$(readlink /proc/$CRASHCART_TARGET_PID/exe)"'];
  return [...preparation, ...(servers === null ? lines : surround(lines, servers)), ''].join('\n');
}

/** Starts the servers before and ends them after. */
function surround(lines: string[], servers: string): string[] {
  return [
    `cat >/tmp/test-servers.py <<'END OF SERVERS'\n${servers}\nEND OF SERVERS`,
    'python3 /tmp/test-servers.py >/tmp/test-servers.log 2>&1 & servers=$!',
    'python3 -m http.server --bind 127.0.0.1 --directory /usr/share/crashcart 18000 >/dev/null 2>&1 & http=$!',
    'until nc -z 127.0.0.1 14343 && nc -z 127.0.0.1 18000; do sleep 0.1; done',
    ...lines,
    'kill -9 $servers $http',
  ];
}

/** Takes the output of such a script apart, by the tool's name. */
export function parseCheckOutput(output: string): Map<string, CheckResult> {
  const pattern = new RegExp(`^${marker} (?<name>.+)\\n(?<output>[^]*?)^${marker} code (?<code>\\d+)$`, 'gm');
  const results = new Map<string, CheckResult>();
  for (const { groups } of output.matchAll(pattern)) {
    const { name = '', output: text = '', code } = groups ?? {};
    results.set(name, { output: text, code: Number(code) });
  }
  return results;
}
