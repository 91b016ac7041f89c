// The import rules of docs/architecture.md; `npm run check` holds every file to them.
// https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md

/** What tests share may cross rooms, as the tests may. */
const tests = '(/testing/|^e2e/)';

/** The floors of a room, lowest first: a floor imports only those below it. */
const clusterFloors = [
  'api',
  'target',
  'agent-pods',
  'session',
  String.raw`(doctor/|diagnosis/|clean-up\.ts)`,
];
const cliFloors = ['command-line', 'options', 'attached', 'commands'];

export default {
  forbidden: [
    {
      name: 'no-cycle-of-files',
      comment: 'Files that import each other can only be understood together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-cycle-of-folders',
      comment: 'A folder is a room: what two rooms need from each other belongs to a third one below them.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    rule('cli-never-agent', 'The plugin talks to the agent by the session API alone.', '^src/cli/', [
      '^src/agent/',
    ]),
    rule('cluster-below-cli', 'src/cluster knows neither the command line nor the agent.', '^src/cluster/', [
      '^src/(cli|agent|terminal|config|toolbox)/',
    ]),
    rule(
      'agent-on-its-own',
      'The agent shares the session API and the catalogue of tools, no more.',
      '^src/agent/',
      ['^src/(cli|cluster|terminal|config)/'],
    ),
    rule(
      'session-api-on-the-ground',
      'Client and agent both stand on the session API.',
      '^src/session-api/',
      ['^src/(?!session-api/|failure/)'],
    ),
    rule('failure-on-the-ground', 'Every room reports failures.', '^src/failure/', ['^src/(?!failure/)']),
    rule('toolbox-on-the-ground', 'The catalogue of tools is data.', '^src/toolbox/', [
      '^src/(?!toolbox/|failure/)',
    ]),
    rule('packets-on-the-ground', 'Captures of packets are bytes, whatever brings them.', '^src/packets/', [
      '^src/(?!packets/|failure/)',
    ]),
    rule('terminal-for-cli', 'What draws on a terminal knows no cluster.', '^src/terminal/', [
      '^src/(?!terminal/|failure/|session-api/)',
    ]),
    rule('config-for-cli', 'The configuration file is read for the command line.', '^src/config/', [
      '^src/(cli|cluster|agent|terminal)/',
    ]),
    ...order('cluster', 'src/cluster', clusterFloors),
    ...order('cli', 'src/cli', cliFloors),
    rule(
      'completion-is-an-engine',
      'Completion is given the commands; it knows none of them.',
      '^src/cli/completion/',
      ['^src/cli/commands/'],
    ),
    rule(
      'one-import-of-yargs',
      'Another parser of arguments must be a change of one file.',
      String.raw`^src/(?!cli/command-line/adapter\.ts)`,
      ['(^|/)node_modules/(@types/)?yargs/'],
    ),
    network(
      'one-way-to-the-network',
      'Proxies, authorities and limits count for every connection; `forward` has sockets of this machine.',
      String.raw`(cluster/api/transport/|cli/commands/forward/local-sockets\.ts)`,
      [
        'net',
        'tls',
        'http',
        'https',
        'dgram',
        'undici',
        'http-proxy-agent',
        'https-proxy-agent',
        'socks-proxy-agent',
      ],
    ),
    network(
      'one-websocket',
      'The tunnel is the only websocket.',
      String.raw`cluster/session/(tunnel\.ts|exec/)`,
      ['ws'],
    ),
    network(
      'one-session-api',
      'HTTP/2 is spoken with agents alone, through the tunnel.',
      '(cluster/session|session-api)/',
      ['http2'],
    ),
    rule('src-needs-no-tooling', 'The product is built by the tooling.', '^src/', [
      '^(images|krew|e2e|docs)/',
    ]),
    rule('tooling-needs-no-tests', 'What is released does not depend on the tests.', '^(images|krew|docs)/', [
      '^e2e/',
    ]),
    rule('images-know-no-release', 'Images are built before a release names them.', '^images/', ['^krew/']),
    rule('krew-builds-no-images', 'A release and the images share images/machine.', '^krew/', [
      '^images/(?!machine/)',
    ]),
    rule('machine-on-the-ground', 'images, krew and e2e stand on images/machine.', '^images/machine/', [
      '^(src|docs|images/(?!machine/)|krew|e2e)/',
    ]),
    rule('no-testing-in-production', 'Fakes and fixtures are for tests.', '^(src|images|krew|docs)/', [
      '/testing/',
    ]),
    {
      name: 'no-undeclared-package',
      comment: 'package.json names every package that is imported; the product needs no dev dependency.',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Tests may cross rooms, and would be part of every circle of folders. The built-in cluster's data has the files of
    // images: other projects' modules.
    exclude: { path: String.raw`\.test\.ts$|^e2e/\.cluster/` },
    // `import type` counts: a reader has to follow it, too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    metrics: true,
  },
};

function rule(name, comment, from, to) {
  return { name, comment, severity: 'error', from: { path: from, pathNot: tests }, to: { path: to } };
}

/**
 * The only place of the plugin that imports modules which open connections. Types may be imported anywhere.
 * @param modules Node.js's own, or packages.
 */
function network(name, comment, place, modules) {
  const { path, pathNot } = { path: `^src/(?!agent/|${place})`, pathNot: tests };
  const named = modules.join('|');
  return {
    ...{ name, comment, severity: 'error', from: { path, pathNot } },
    to: { path: [`^(${named})$`, `^node_modules/(${named})/`], dependencyTypesNot: ['type-only'] },
  };
}

function order(room, folder, floors) {
  return floors.slice(0, -1).map((floor, index) =>
    rule(
      `${room}-${floor}-before-${floors[index + 1].replaceAll(/\W.*/g, '') || 'doctor'}`,
      `In ${folder} a floor imports only those below it.`,
      `^${folder}/${floor}/`,
      floors.slice(index + 1).map((higher) => `^${folder}/${higher}${higher.endsWith(')') ? '' : '/'}`),
    ),
  );
}
