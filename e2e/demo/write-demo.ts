// `npm run docs`: draws docs/demo.svg from docs/demo.cast, which `npm run demo:record` makes.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../images/machine/run-command.ts';
import { installPythonPackages, python } from '../../images/machine/python-packages.ts';
import { completePicture } from './demo-picture.ts';

/** Enough to see that something takes its time. */
const idleLimitMs = 2000;
/** To read what is there last. */
const pauseMs = 4000;
/** Output that comes within this time is one frame. */
const frameMs = 40;

const docs = join(import.meta.dirname, '../../docs');
const castFile = join(docs, 'demo.cast');
const drawn = join(tmpdir(), `crashcart-demo-${process.pid}.svg`);
// https://pypi.org/project/termtosvg-ng: an `<img>` runs no scripts and loads nothing, and its SVG moves by CSS alone.
const modules = await installPythonPackages('cast-drawing', ['termtosvg-ng==1.4.1']);
try {
  const times = ['-m', frameMs, '-M', idleLimitMs, '-D', pauseMs].map(String);
  const template = ['-t', join(import.meta.dirname, 'terminal.svg')];
  await runCommand(python, ['-m', 'termtosvg', 'render', castFile, drawn, ...times, ...template], {
    env: { ...process.env, PYTHONPATH: modules },
  });
  const picture = await readFile(drawn, 'utf8');
  await writeFile(join(docs, 'demo.svg'), completePicture(picture, await readFile(castFile, 'utf8')));
} finally {
  await rm(drawn, { force: true });
}
