import type { ProblemName } from '../../docs/reference/cookbook/problems.ts';
import type { CheckExample, ToolChecks } from './tool-check.ts';

/** Draws for some seconds, and shows the functions that were seen: a throttled container gets few samples a second. */
const flameGraph = (flags = '') =>
  `recipe flamegraph -s 4 ${flags} >out.svg && sed -n 's/.*data-name="\\([^"]*\\)".*/\\1/p' out.svg`;
const inPicture = { typed: '--tool flamegraph --output-file cpu.svg', from: 'The functions in cpu.svg' };
const withCode = (command: string) => `${command}; echo code $?`;

const javaRefuses = (why: RegExp, problem: ProblemName): ToolChecks => ({
  'stacks say why they can’t be had, and the way around': {
    example: { problem, typed: '--tool stacks' },
    script: withCode('recipe stacks'),
    shows: new RegExp(`^stacks: ${why.source}.*\`kill -QUIT \\d+\`.*\`kubectl logs\`.*\\ncode 1$`, 'm'),
  },
  'heap says why it can’t be had': {
    script: withCode('recipe heap >/dev/null'),
    shows: new RegExp(`^heap: ${why.source}.*\\ncode 1$`, 'm'),
  },
});

const checkGo = (examples: { stacks?: CheckExample; cpu?: CheckExample }): ToolChecks => ({
  'stacks are its goroutines, grouped': {
    example: examples.stacks,
    script: 'recipe stacks',
    shows:
      /^12 waiting: goroutines [^]*? {2}main\.waitForStock\n +\S*shop\.go:10$[^]* {2}main\.countPrimes\n/m,
  },
  'a flame graph has its functions': {
    example: examples.cpu,
    script: flameGraph(),
    shows: /^main\.main\nmain\.countPrimes$/m,
  },
});

/** By container: what has to be found of what its program was given to be found. */
export const languageChecks: Record<string, ToolChecks> = {
  java: {
    'stacks show the deadlock': {
      example: { problem: 'jvm-deadlock' },
      script: 'recipe stacks',
      shows:
        /^Found one Java-level deadlock:[^]*Shop\.reserveStock\(Shop\.java:\d+\)[^]*Shop\.refundCustomer\(/m,
    },
    'a flame graph has its methods, and leaves no file behind': {
      example: {
        problem: 'jvm-cpu',
        ...inPicture,
        from: 'The functions in cpu.svg, and what is left in the /tmp of the JVM',
      },
      script: `${flameGraph()}; ls -A /target/tmp | grep -v hsperf`,
      shows: /^\S+ Shop\.countPrimes\(int\)$[^]*^\.java_pid\d+\n*$/m,
    },
    'heap has the class that fills it': {
      example: { problem: 'jvm-heap' },
      script: 'recipe heap',
      shows: /^ *\d+: +50000 +\d+ +Shop\$CartItem/m,
    },
    'a heap dump is whole, and leaves no file behind': {
      example: {
        problem: 'jvm-heap-dump',
        typed: '--tool heap-dump --output-file heap.hprof',
        from: 'The first bytes of heap.hprof, how often a class is named there, and what is left in the /tmp of the JVM',
      },
      script: `recipe heap-dump >dump && head -c 18 dump && echo && grep -c -a 'Shop$CartItem' dump; ls -A /target/tmp | grep -v hsperf`,
      shows: /^JAVA PROFILE 1\.0\.2[^]*^\.java_pid\d+\n*$/m,
    },
  },
  'java-closed': javaRefuses(
    /this JVM refuses to be asked \(-XX:\+DisableAttachMechanism\)/,
    'jvm-attach-disabled',
  ),
  'java-read-only': javaRefuses(/this JVM can't be asked: its \/tmp is read-only/, 'jvm-read-only'),
  python: {
    'stacks are those of all workers': {
      example: { problem: 'python-deadlock' },
      script: 'recipe stacks',
      shows: /wait_for_stock \(shop\.py:9\)[^]*count_primes[^]*^== [^]*wait_for_stock \(shop\.py:9\)/m,
    },
    'stacks have variables': { script: 'recipe stacks --locals', shows: /order_number: 4251/ },
    'a flame graph has its functions': {
      example: { problem: 'python-cpu', ...inPicture },
      script: flameGraph(),
      shows: /^count_primes \(shop\.py:14\)$/m,
    },
    'heap says what can’t be had': {
      example: { problem: 'python-memory' },
      script: 'recipe heap',
      shows: /^heap: a Python program tells/m,
    },
  },
  node: {
    'stacks say how they can be had': {
      script: withCode('recipe stacks'),
      shows: /^stacks: Node\.js shows [^\n]*`--inspect` [^\n]*\ncode 1$/m,
    },
    'a flame graph without names is none': {
      script: withCode('recipe flamegraph -s 1'),
      shows: /^flamegraph: Node\.js names [^\n]*--perf-basic-prof[^\n]*`--inspect`[^\n]*\ncode 1$/m,
    },
    'a heap dump says how it can be had': {
      script: withCode('recipe heap-dump'),
      shows: /^heap-dump: Node\.js writes [^\n]*`--inspect` [^\n]*\ncode 1$/m,
    },
    'stacks by the inspector are those of JavaScript': {
      script: 'recipe stacks --inspect',
      shows:
        /^inspector: [^\n]* is open at 127\.0\.0\.1:9229 [^]*^ {2}countPrimes \(\/app\/shop\.mjs:\d+\)\n {2}\(anonymous\) \(\/app\/shop\.mjs:/m,
    },
    'a flame graph by the inspector has its functions': {
      script: flameGraph('--inspect'),
      shows: /^countPrimes \(\/app\/shop\.mjs:\d+\)$/m,
    },
    'heap by the inspector has statistics': {
      example: { problem: 'node-memory' },
      script: 'recipe heap --inspect',
      shows: /^heap, in use +[\d.]+ MiB$[^]*^old_space +[\d.]+ MiB/m,
    },
    'a heap dump by the inspector is whole': {
      script: `recipe heap-dump --inspect >dump && jq -r '.snapshot.node_count, (.strings | index("CartItem") > 0)' dump`,
      shows: /^\d{5,}\ntrue$/m,
    },
    'the inspector is closed each time, also by a signal, and opens again': {
      script: `recipe flamegraph --inspect -s 60 >out.svg & until ss -tlnH | grep -q 9229; do sleep 0.1; done
kill -TERM $!; ${withCode('wait $!')}; ss -tlnH | grep -c 9229; recipe stacks --inspect`,
      shows: /^code 143\n0\ninspector: [^\n]* is open at [^\n]*\n {2}\S/m,
    },
    'the inspector is not opened where another process has its port': {
      script: `nc -lk 127.0.0.1 9229 & until ss -tlnH | grep -q 9229; do sleep 0.1; done; ${withCode('recipe stacks --inspect')}; kill %1`,
      shows: /^stacks: port 9229, [^\n]*is another process's [^\n]*\ncode 1$/m,
    },
    'no signal is sent to a process that it would end, or that is not Node.js': {
      script: `cp "$(command -v sleep)" node; ./node 60 & sleep 0.2; ${withCode('recipe stacks --inspect -p $!')}; ${withCode('recipe heap --inspect -p $$')}; kill -0 $! && kill $!`,
      shows:
        /^stacks: process \d+ would be ended by SIGUSR1, [^\n]*\ncode 1\nheap: --inspect is for Node\.js, and process \d+ is not \(native\)\ncode 1\n*$/m,
    },
  },
  'node-with-names': {
    'a flame graph has its functions': {
      example: { problem: 'node-cpu', ...inPicture },
      script: flameGraph(),
      shows: /countPrimes .*\/app\/shop\.mjs:/,
    },
  },
  ruby: {
    'stacks are those of its threads': {
      example: { problem: 'ruby-stuck' },
      script: 'recipe stacks',
      shows: /wait_for_stock \(\/app\/shop\.rb:3\)[^]*count_primes \(\/app\/shop\.rb:7\)/,
    },
    'a flame graph has its methods': { script: flameGraph(), shows: /^count_primes \(\/app\/shop\.rb:7\)$/m },
  },
  php: {
    'stacks are the requests': {
      example: { problem: 'php-slow' },
      script: 'recipe stacks',
      shows:
        /^ {2}countPrimes \(\/app\/shop\.php:\d+\)\n {2}main \(\/app\/shop\.php:15\)$[^]*works on no request/m,
    },
    'a flame graph has its functions': {
      script: flameGraph(),
      shows: /^countPrimes \(\/app\/shop\.php:\d+\)$/m,
    },
  },
  mono: {
    'stacks say how they can be had': {
      script: withCode('recipe stacks'),
      shows: /^stacks: Mono shows its stacks in its own output alone: `--to-log` .*\ncode 1$/m,
    },
    'stacks go to the container’s log, when asked to': {
      script: withCode('recipe stacks --to-log'),
      shows: /^process \d+ was told \(by SIGQUIT\) .*\ncode 0$/m,
    },
    'no signal is sent to a process that it would end': {
      script: withCode('sleep 60 & recipe stacks --to-log -p $!; kill $!'),
      shows: /^stacks: process \d+ is of another runtime \(native\)\n[^]*code 0$/m,
    },
    'heap and flame graphs say what can’t be had': {
      script: withCode('recipe heap | head -n 1; recipe flamegraph -s 1 >out.svg'),
      shows: /^heap: Mono shows its heap .*\n[^]*^flamegraph: Mono does not name .*\ncode 1$/m,
    },
  },
  dotnet: {
    'stacks and heap say how they can be had': {
      script: withCode('recipe heap | head -n 1; recipe stacks'),
      shows:
        /^heap: \.NET shows its heap .*`dotnet-dump .*\n[^]*^stacks: \.NET shows its stacks .*`dotnet-dump .*\ncode 1$/m,
    },
    'a flame graph has its methods': {
      script: flameGraph(),
      shows: /Shop::CountPrimes\(int32\)/,
    },
  },
  go: {
    ...checkGo({ stacks: { problem: 'go-stuck' } }),
    'gdb’s own warnings are not shown': {
      script: 'recipe stacks --native',
      shows: /^(?![^]*warning:)[^]*^Thread 1 /m,
    },
    'a process that uses no CPU has no flame graph, and the busy one is named': {
      script: withCode('sleep 60 & recipe flamegraph -s 1 -p $!'),
      shows:
        /^flamegraph: process \d+ used no CPU in this time\. Busiest is 1 shop, \d+ % CPU: --pid 1\n[^]*code 1$/m,
    },
    'page faults show who takes memory': {
      example: {
        problem: 'native-memory',
        typed: '--pid perl --tool flamegraph --output-file memory.svg -- --page-faults',
        from: 'The functions in memory.svg',
      },
      script: `perl -e 'push @kept, "x" x 4000 while select(undef, undef, undef, 0.0001) || 1' & ${flameGraph('--page-faults -p $!')}; kill $!`,
      shows: /^Perl_\w+$/m,
    },
  },
  'go-stripped': checkGo({ cpu: { problem: 'go-cpu', ...inPicture } }),
};
