import type { ToolChecks } from './tool-check.ts';

/** Show a program on a terminal of its own, for a moment. */
const onTerminal = (command: string) =>
  `script -qec "stty cols 160; timeout --foreground 3 ${command}" /dev/null </dev/null || true`;

/** Look at the target's process, or at what they start themselves. */
export const processChecks: ToolChecks = {
  df: { script: 'df -h /', shows: /crashcart/ },
  du: { script: 'du -sk "/target$SERVER"', shows: /^\d+\s+\/target\/.*server/ },
  free: { script: 'free -m', shows: /^Mem: +\d{3}/m },
  htop: {
    script: onTerminal('htop -p $CRASHCART_TARGET_PID'),
    shows: /\/server/,
  },
  iostat: { script: 'iostat 1 1', shows: /avg-cpu/ },
  iotop: { script: 'iotop -b -n 1', shows: /DISK READ[^]*server/ },
  kill: { script: 'sleep 60 & kill -TERM $!; wait $!; echo ended $?', shows: /ended 143/ },
  killall: {
    script:
      'cp /bin/sleep to-be-killed; ./to-be-killed 60 & sleep 0.3; killall to-be-killed; wait $!; echo ended $?',
    shows: /ended 143/,
  },
  lsof: { script: 'lsof -nP -p $CRASHCART_TARGET_PID', shows: /server .*:8080 \(LISTEN\)/ },
  mpstat: { script: 'mpstat 1 1', shows: /Average: +all +[\d.]+/ },
  numactl: { script: 'numactl --physcpubind=0 nproc', shows: /^1$/m },
  pgrep: { script: 'pgrep -x server', shows: /^\d+$/m },
  pidstat: { script: 'pidstat -p $CRASHCART_TARGET_PID 1 1', shows: /server/ },
  pmap: { script: 'pmap $CRASHCART_TARGET_PID', shows: /server/ },
  // Of the session itself: for another user's process the kernel asks for CAP_SYS_RESOURCE, which not every machine
  // that a test runs on has.
  prlimit: { script: 'prlimit --nofile --pid $$', shows: /NOFILE .*\d+/ },
  ps: { script: 'ps -o args= -p $CRASHCART_TARGET_PID', shows: /\/server/ },
  pstree: { script: 'pstree -p', shows: /server\(\d+\)|server/ },
  top: { script: 'top -b -n 1', shows: /server/ },
  vmstat: { script: 'vmstat 1 2', shows: /^ *\d+ +\d+ +\d+ +\d+/m },
};
