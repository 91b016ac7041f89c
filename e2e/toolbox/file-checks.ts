import type { ToolChecks } from './tool-check.ts';

/** Packs and unpacks a text. */
const roundTrip = (pack: string, unpack: string) => ({
  script: `echo packed >text; ${pack}; rm text; ${unpack}; cat text`,
  shows: /^packed$/m,
});
/** Types keys into a program on a terminal of its own. */
const type = (keys: string, command: string) =>
  `(sleep 1.5; printf '${keys}'; sleep 1) | script -qec "${command}" /dev/null`;

/** Work on files of their own, on the target's, and with the servers of test-servers.py. */
export const fileChecks: ToolChecks = {
  bzip2: roundTrip('bzip2 text', 'bzip2 -d text.bz2'),
  diff: { script: 'diff <(echo one) <(echo two); true', shows: /^< one$/m },
  file: { script: 'file "/target$SERVER"', shows: /ELF 64-bit LSB .*with debug_info/ },
  find: {
    script: 'find "/target$(dirname $SERVER)/" -maxdepth 1 -name "serv*"',
    shows: /^\/target\/.*server$/m,
  },
  gzip: roundTrip('gzip text', 'gzip -d text.gz'),
  jq: { script: `echo '{"one":{"two":[3]}}' | jq -c .one.two`, shows: /^\[3\]$/m },
  nano: { script: `${type('written\\x0f\\r\\x18', 'nano text')} >/dev/null; cat text`, shows: /^written$/m },
  patch: { script: 'echo one >text; diff -u text <(echo two) | patch text; cat text', shows: /^two$/m },
  rg: { script: 'rg --no-config -c -a "cannot listen" "/target$SERVER"', shows: /^1$/m },
  rsync: { script: 'mkdir a; echo copied >a/text; rsync -a a/ b/; cat b/text', shows: /^copied$/m },
  tar: roundTrip('tar -cf text.tar text', 'tar -xf text.tar'),
  tree: { script: 'tree -L 1 "/target$(dirname $SERVER)/"', shows: /── server/ },
  unzip: roundTrip('zip -q text.zip text', 'unzip -q text.zip'),
  vi: { script: 'echo one >text; vi -es -c "s/one/two/" -c wq text; cat text', shows: /^two$/m },
  vim: { script: 'echo one >text; vim -es -c "s/one/two/" -c wq text; cat text', shows: /^two$/m },
  xxd: { script: 'printf AB | xxd; echo 4142 | xxd -r -p', shows: /4142[^]*AB$/m },
  xz: roundTrip('xz text', 'xz -d text.xz'),
  yq: { script: 'echo "one: {two: 3}" | yq .one.two', shows: /^3$/m },
  zip: roundTrip('zip -q text.zip text', 'unzip -q text.zip'),
  zstd: roundTrip('zstd -q text', 'zstd -q -d text.zst'),

  awk: { script: 'echo one two | awk "{ print \\$2 }"', shows: /^two$/m },
  bash: { script: 'bash -c "echo \\$((6 * 7))"', shows: /^42$/m },
  fish: { script: 'fish -c "math 6 x 7"', shows: /^42$/m },
  grep: { script: 'grep -a -o "cannot listen" "/target$SERVER"', shows: /^cannot listen$/m },
  less: { script: `${type('/mark\\rq', 'seq 500 | less')} | tr -d "\\033"`, shows: /Pattern not found/ },
  screen: {
    script:
      'export SCREENDIR=$PWD; chmod 700 .; screen -dmS check bash -c "echo in screen >text; sleep 9"; until [ -s text ]; do sleep 0.1; done; screen -ls; cat text; screen -S check -X quit',
    shows: /\d+\.check[^]*in screen/,
  },
  sed: { script: 'echo one | sed s/one/two/', shows: /^two$/m },
  tmux: {
    script:
      'tmux new-session -d -s check "echo in tmux; sleep 9"; until tmux capture-pane -p -t check | grep "in tmux"; do sleep 0.1; done; tmux kill-server',
    shows: /in tmux/,
  },
  zsh: { script: 'zsh -fc "print \\$((6 * 7))"', shows: /^42$/m },

  perl: {
    script: 'perl -MSocket -e "print inet_ntoa(inet_aton(q(127.0.0.1))), qq(\\n)"',
    shows: /^127\.0\.0\.1$/m,
  },
  ptpython: { script: type('print(6*7)\\r\\x04y\\r', 'ptpython'), shows: /42/ },
  python3: { script: 'python3 -c "import ssl, json; print(json.dumps([6 * 7]))"', shows: /^\[42\]$/m },

  mysql: {
    script: 'mysql --no-defaults --protocol=TCP -h 127.0.0.1 -P 13306 --skip-ssl -e "select 1"; true',
    shows: /ERROR 1045 \(28000\).*no entry, says the test server/,
  },
  psql: {
    script: 'psql "host=127.0.0.1 port=15432 user=check" -c "select 1"; true',
    shows: /FATAL: +no entry, says the test server/,
  },
  'redis-cli': {
    example: { problem: 'redis' },
    script: 'redis-cli -p 16379 ping',
    shows: /PONG from the test server/,
  },
};
