/** The problems of docs/cookbook.md, as they look to someone on call: by kind and by name. */
export const problemGroups = {
  'It hangs, or is slow': {
    'jvm-deadlock': 'A JVM hangs: some of its threads wait for each other',
    'jvm-attach-disabled': 'A JVM that refuses to be asked (`-XX:+DisableAttachMechanism`)',
    'jvm-read-only': 'A JVM on a read-only root file system, without a `/tmp`',
    'jvm-cpu': 'A JVM uses much CPU',
    'python-deadlock': 'A Python program hangs, behind tini and gunicorn',
    'python-cpu': 'A worker of gunicorn uses much CPU, and PID 1 is not the worker',
    'node-cpu': 'A Node.js program uses much CPU',
    'go-stuck': 'Goroutines wait for each other',
    'go-cpu': 'A stripped Go program uses much CPU, in an image that has nothing else',
    'php-slow': 'A request of PHP-FPM does not end',
    'ruby-stuck': 'A Ruby program hangs, behind `sh -c`',
    'many-threads': 'A program has a thousand threads',
    'system-calls': 'A native program waits, and nobody knows for what',
    throttled: 'Everything is slow, and the CPU is not busy',
  },
  'Memory grows': {
    'jvm-heap': 'The heap of a JVM fills',
    'jvm-heap-dump': 'A heap dump, to look into at home',
    'python-memory': 'The memory of a Python program grows',
    'node-memory': 'The memory of a Node.js program grows',
    'native-memory': 'The memory of a C or C++ program grows',
    'big-core': 'A core dump of a process that is larger than its session',
  },
  'The network': {
    dns: 'A name does not resolve, or slowly',
    certificate: 'Calls by TLS fail: is it the certificate?',
    upstream: 'How far does a call get, and how long does each step take?',
    'close-wait': 'Connections are not closed',
    'loopback-port': 'What listens on the loopback address of the pod, such as a profiler?',
    readiness: 'The readiness probe fails',
    'packet-file': 'Packets as a file, for Wireshark at home',
    'packets-live': 'Which fields do the packets have that come in?',
    mtu: 'Large answers never come: is it the MTU?',
    redis: 'Does Redis answer?',
  },
  'Files, processes and settings': {
    'disk-full': 'A volume is full, and the files on it do not add up',
    'open-files': '“Too many open files”',
    permissions: 'May the program write there, as the user that it has?',
    zombies: 'Processes that have ended stay',
    environment: 'Which environment does the program have? (Secrets are masked.)',
    'copy-out': 'A file out of an image that has neither a shell nor tar',
    'two-containers': 'A pod has several containers',
  },
  'It does not run': {
    'crash-loop': 'A container crashes again and again: enter its next run',
    'crash-at-start': 'A container crashes at once: trace its next start from the first call on',
    'memory-limit': 'A container is killed for its memory limit',
    probe: 'A container is killed, and nobody knows by whom',
    'port-conflict': 'A container ends at once: another one of the pod has its port',
    'missing-secret': 'A pod does not start',
    'init-container': 'A pod stays in `Init`',
    'ended-container': 'The files of a container that has ended',
  },
} as const satisfies Record<string, Record<string, string>>;

type Groups = typeof problemGroups;
/** A problem's name. */
export type ProblemName = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];

/** All problems, in the order of the page. */
export const problemNames = Object.values(problemGroups).flatMap(
  (group) => Object.keys(group) as ProblemName[],
);
