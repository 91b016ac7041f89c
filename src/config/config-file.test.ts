import { describe, expect, test } from '@jest/globals';
import { ConfigFileError, parseConfig, readConfigFile } from './config-file.ts';

const read = (...lines: string[]) => parseConfig('config.yaml', `${lines.join('\n')}\n`);

async function findProblems(...lines: string[]): Promise<string[]> {
  const error: unknown = await read(...lines).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigFileError)) throw new Error('it was taken');
  return error.message.split('\n');
}

describe('a configuration file', () => {
  test('is read', async () => {
    const config = await read(
      'image: example.com/agent:1 # a comment',
      'imagePullSecrets: [one, two]',
      'contexts:',
      '  prod: { agentNamespace: debug }',
    );
    expect(config).toEqual({
      image: 'example.com/agent:1',
      imagePullSecrets: ['one', 'two'],
      contexts: { prod: { agentNamespace: 'debug' } },
    });
  });

  test('that is empty sets nothing, and one that is not there is none', async () => {
    expect(await read('# nothing')).toEqual({});
    expect(await readConfigFile('/no/such/file')).toBeNull();
  });

  test('that is not YAML is reported with the place', async () => {
    expect(await findProblems('image: a', 'image: b')).toEqual(['config.yaml:2:1: duplicated mapping key']);
  });

  test('has each mistake told, where it stands', async () => {
    expect(
      await findProblems(
        'imagePullPolicy: Sometimes',
        'imagePullSecrets:',
        '  - one',
        '  - 2',
        'contexts:',
        '  prod:',
        '    agentNamespace: ../x',
        '    nodes: all',
      ),
    ).toEqual([
      expect.stringMatching(/^config\.yaml:1:18: imagePullPolicy: .*"IfNotPresent"/),
      expect.stringMatching(/^config\.yaml:4:5: imagePullSecrets\.1: .*expected string/),
      'config.yaml:7:21: contexts.prod.agentNamespace: not a valid name of a namespace',
      'config.yaml:8:12: contexts.prod.nodes: there is no such setting',
    ]);
  });

  test('has recipes, which need not say what they need', async () => {
    const { recipes } = await read(
      'recipes:',
      '  - name: queue',
      '    summary: what waits',
      '    command: [ss, -tn]',
      '  - { name: graph, summary: a graph, command: [draw], needs: [ptrace], output: svg }',
    );
    expect(recipes).toEqual([
      { name: 'queue', summary: 'what waits', command: ['ss', '-tn'], needs: [], output: 'text' },
      { name: 'graph', summary: 'a graph', command: ['draw'], needs: ['ptrace'], output: 'svg' },
    ]);
  });

  test('has each mistake in a recipe told, where it stands', async () => {
    expect(
      await findProblems(
        'recipes:',
        '  - name: Queue!',
        '    summary: "two\\nlines"',
        '    command: []',
        '    output: picture',
        '  - name: a',
        '    sumary: b',
        '    command: ss -tn',
      ),
    ).toEqual([
      'config.yaml:2:11: recipes.0.name: a name has lower-case letters, digits and hyphens',
      'config.yaml:3:15: recipes.0.summary: a summary is one line',
      expect.stringMatching(/^config\.yaml:4:14: recipes\.0\.command: /),
      expect.stringMatching(/^config\.yaml:5:13: recipes\.0\.output: .*"svg"/),
      expect.stringMatching(/^config\.yaml:6:5: recipes\.1\.summary: /),
      expect.stringMatching(/^config\.yaml:8:14: recipes\.1\.command: /),
      'config.yaml:7:13: recipes.1.sumary: there is no such setting',
    ]);
    expect(
      await findProblems(
        'recipes:',
        ...['a', 'b', 'a'].map((name) => `  - {name: ${name}, summary: s, command: [c]}`),
      ),
    ).toEqual(['config.yaml:4:12: recipes.2.name: "a" is defined twice']);
  });

  test('that has several documents is refused', async () => {
    expect(await findProblems('image: a', '---', 'image: b')).toEqual([
      'config.yaml:1:1: there is more than one YAML document',
    ]);
  });

  test('has a mistake in an alias or below an empty setting told, where it stands', async () => {
    expect(
      await findProblems(
        'contexts:',
        '  one: &one',
        '    nodes: a',
        '  two: *one',
        'imagePullSecrets:',
        '  -',
      ),
    ).toEqual([
      expect.stringMatching(/^config\.yaml:6:/),
      'config.yaml:3:12: contexts.one.nodes: there is no such setting',
      'config.yaml:4:9: contexts.two.nodes: there is no such setting',
    ]);
  });

  test('that is a list is none', async () => {
    expect(await findProblems('- image')).toEqual([expect.stringMatching(/^config\.yaml:1:1: .*object/)]);
  });

  test('that unfolds to more than memory holds is refused', async () => {
    const layers = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array.from({ length: 9 }, () => `*l${n}`).join(', ')}]`,
    );
    await expect(read('l0: &l0 [lol]', ...layers)).rejects.toThrow('alias');
  });
});
