import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../command-line/adapter.ts';
import { listCommandOptions } from '../../../command-line/command.ts';
import { readCommand } from '../../../options/option-values.ts';
import { sessionCommand } from '../session-command.ts';
import { isForMany } from './many-options.ts';
import { describeMany } from './many-request.ts';

function parse(line: string) {
  const raw = parseArguments(line.split(' '), listCommandOptions(sessionCommand));
  const values = readCommand(sessionCommand, raw);
  return isForMany(values) ? describeMany(values, []) : null;
}

describe('a command line', () => {
  test.each(['-l app=web -- ls', 'deploy/web --all -- ls', 'a b -- ls', 'a --all-containers -- ls'])(
    '%j is for many targets',
    (line) => expect(parse(line)).not.toBeNull(),
  );

  test.each(['web -- ls', '-A -- ls', 'node/one'])('%j is for one target', (line) => {
    expect(parse(line)).toBeNull();
  });

  test('says how the targets are found, and what is printed', () => {
    expect(parse('-l app=web -A -c app --max 7 -o json --fail-fast -- ls')).toEqual({
      selection: {
        ...{ names: [], selector: 'app=web', all: false, allNamespaces: true },
        ...{ container: 'app', allContainers: false },
      },
      ...{ maxAtOnce: 7, format: 'json', folder: null, failFast: true, watch: false },
    });
    expect(parse('a b --no-prefix --watch --tool ss')).toMatchObject({ format: 'plain', watch: true });
    expect(parse('a b --output-dir out --force --tool flamegraph')).toMatchObject({
      folder: { path: 'out', force: true, kind: 'svg' },
    });
  });

  test.each([
    ['a b', '2 TARGETs, and no command: a command stands after --'],
    ['a -l app=web -- ls', "TARGET and --selector can't be combined"],
    ['--all -- ls', '--all needs a TARGET, or --selector'],
    ['-l app=web --all -- ls', 'a selector matches all pods by itself'],
    ['web-0 --all -- ls', '--all is for a workload'],
    ['a b -A -- ls', '--all-namespaces is for --selector'],
    ['a --all-containers -c b -- ls', "--all-containers and --container can't be combined"],
    ['a --watch -- ls', '--watch is for many targets'],
    ['a --max 3 -- ls', '--max is for many targets'],
    ['a b --max 0 -- ls', 'it is a number from 1 to 1000'],
    ['a b --max 1001 -- ls', 'it is a number from 1 to 1000'],
    ['a b -i -- cat', '--stdin is for a session with one target'],
    ['a b -t -- top', '--tty is for a session with one target'],
    ['a b --output-file out -- ls', '--output-file is for a session with one target'],
    ['a b --detach -- ls', '--detach is for a session with one target'],
    ['a b --dry-run=client -- ls', '--dry-run is for a session with one target'],
    ['a b -o yaml -- ls', 'of many targets, --output is json'],
    ['a b -o json --output-dir out -- ls', "--output and --output-dir can't be combined"],
    ['a b --watch --output-dir out -- ls', "--watch and --output-dir can't be combined"],
    ['a b --tool flamegraph', 'its output is an SVG of each target: use --output-dir FOLDER'],
    ['a b --tool top', 'its output is a screen'],
  ])('%j is refused: %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});
