import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { version } from './plugin-version.ts';

// Start-up is most of what a short command costs: modules are loaded only when they are needed.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  process.stdout.write(`kubectl-crashcart ${version}\n`);
} else {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  enableCompileCache(join(cache, 'kubectl-crashcart', 'compile-cache'));
  // Exit explicitly: keep-alive sockets would keep the event loop alive. All output has been written by now.
  void import('./run-cli.ts')
    .then(({ runCLI }) => runCLI(process.argv.slice(2), process))
    .then((code) => process.exit(code));
}
