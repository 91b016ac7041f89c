/** Words that are, or will be, subcommands: a pod of such a name is reached as `pod/NAME`. */
export const reservedWords = [
  'sessions',
  'attach',
  'stop',
  'clean',
  'tools',
  'doctor',
  'completion',
  'config',
  'install',
  'uninstall',
  'status',
  'cp',
  'capture',
  'forward',
  'version',
  'help',
];
