/** What someone on call has before them. */
export interface Problem {
  /** As it looks to them. */
  symptom: string;
  /** Why no run of a test shows an answer; null: one does. */
  unanswered: string | null;
}

/** A problem that a run of a test answers. */
const shown = (symptom: string): Problem => ({ symptom, unanswered: null });
/** @param unanswered why no run of a test answers the problem. */
const open = (symptom: string, unanswered: string): Problem => ({ symptom, unanswered });

/** The problems of docs/cookbook.md, by kind and by name. */
export const problemGroups = {
  'It hangs, or is slow': {
    'jvm-deadlock': shown('A JVM hangs: some of its threads wait for each other'),
    'jvm-attach-disabled': shown('A JVM that refuses to be asked (`-XX:+DisableAttachMechanism`)'),
    'jvm-read-only': shown('A JVM on a read-only root file system, without a `/tmp`'),
    'jvm-cpu': shown('A JVM uses much CPU'),
    'python-deadlock': shown('A Python program hangs, behind tini and gunicorn'),
    'python-cpu': shown('A worker of gunicorn uses much CPU, and PID 1 is not the worker'),
    'node-cpu': shown('A Node.js program uses much CPU'),
    'go-stuck': shown('Goroutines wait for each other'),
    'go-cpu': shown('A stripped Go program uses much CPU, in an image that has nothing else'),
    'php-slow': shown('A request of PHP-FPM does not end'),
    'ruby-stuck': shown('A Ruby program hangs, behind `sh -c`'),
    'many-threads': shown('A program has a thousand threads'),
    'system-calls': shown('A native program waits, and nobody knows for what'),
    throttled: shown('Everything is slow, and the CPU is not busy'),
  },
  'Memory grows': {
    'jvm-heap': shown('The heap of a JVM fills'),
    'jvm-heap-dump': shown('A heap dump, to look into at home'),
    'python-memory': shown('The memory of a Python program grows'),
    'node-memory': open(
      'The memory of a Node.js program grows',
      '`--tool heap -- --inspect` shows what V8 counts, and `heap-dump` brings the objects.',
    ),
    'native-memory': shown('The memory of a C or C++ program grows'),
    'big-core': shown('A core dump of a process that is larger than its session'),
  },
  'The network': {
    dns: shown('A name does not resolve, or slowly'),
    certificate: shown('Calls by TLS fail: is it the certificate?'),
    upstream: shown('How far does a call get, and how long does each step take?'),
    'close-wait': shown('Connections are not closed'),
    'loopback-port': shown('What listens on the loopback address of the pod, such as a profiler?'),
    readiness: shown('The readiness probe fails'),
    'packet-file': shown('Packets as a file, for Wireshark at home'),
    'packets-live': shown('Which fields do the packets have that come in?'),
    mtu: shown('Large answers never come: is it the MTU?'),
    redis: shown('Does Redis answer?'),
  },
  'Files, processes and settings': {
    'disk-full': shown('A volume is full, and the files on it do not add up'),
    'open-files': shown('“Too many open files”'),
    permissions: shown('May the program write there, as the user that it has?'),
    zombies: shown('Processes that have ended stay'),
    environment: shown('Which environment does the program have? (Secrets are masked.)'),
    'copy-out': shown('A file out of an image that has neither a shell nor tar'),
    'two-containers': shown('A pod has several containers'),
  },
  'It does not run': {
    'crash-loop': shown('A container crashes again and again: enter its next run'),
    'memory-limit': shown('A container is killed for its memory limit'),
    probe: shown('A container is killed, and nobody knows by whom'),
    'port-conflict': shown('A container ends at once: another one of the pod has its port'),
    'missing-secret': shown('A pod does not start'),
    'init-container': shown('A pod stays in `Init`'),
    'ended-container': open(
      'The files of a container that has ended',
      'Only a container that runs can be entered. What the API knows of the end, `why` tells.',
    ),
  },
} as const satisfies Record<string, Record<string, Problem>>;

type Groups = typeof problemGroups;
/** A problem's name. */
export type ProblemName = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];

/** All problems, in the order of the page. */
export const problems: [ProblemName, Problem][] = Object.values(problemGroups).flatMap(
  (group) => Object.entries(group) as [ProblemName, Problem][],
);
