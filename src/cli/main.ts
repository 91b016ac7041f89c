import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { makeCompileCache } from './process/compile-cache.ts';
import { version } from './plugin-version.ts';
import { openStandardStreams } from './process/standard-streams.ts';

// Start-up is most of what a short command costs: modules are loaded only when they are needed.
if (!(process.argv.length === 3 && process.argv[2] === '--version' && writeVersion())) {
  const cache = makeCompileCache(process.env);
  if (cache !== null) enableCompileCache(cache);
  // Exit explicitly: keep-alive sockets would keep the event loop alive. All output has been written by now.
  void import('./run-cli.ts')
    .then(({ reportDefect, runCLI }) => {
      const streams = openStandardStreams(process);
      // Node would end with 1, as a command may, and print the error as it is: https://nodejs.org/api/process.html
      process.once('uncaughtException', (error) => process.exit(reportDefect(error, streams)));
      return runCLI(process.argv.slice(2), streams);
    })
    .then((code) => process.exit(code));
}

/** @returns whether stdout has taken it; else the command line is run, which tells why. */
function writeVersion(): boolean {
  try {
    writeSync(1, `kubectl-crashcart ${version}\n`);
    return true;
  } catch {
    return false;
  }
}
