import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';

/** Where a frame of a stack is: `(FILE:LINE:COLUMN)`, or without the brackets. A single executable has one short name. */
const place = /(\(|at (?:async )?)((?:\/|[A-Za-z]:\\)[^\n()]+|program\.cjs):(\d+):(\d+)(?=\)?$)/gm;

/**
 * Describes an error with its stack, which names our source files also where a bundle runs. Only an error pays for
 * reading the bundle's source map: with Node's own --enable-source-maps every start would.
 * https://nodejs.org/api/module.html#class-modulesourcemap
 */
export function describeStack(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const maps = new Map<string, SourceMap | null>();
  return (error.stack ?? error.message).replaceAll(
    place,
    (frame, start: string, file: string, line, column) => {
      if (!maps.has(file)) maps.set(file, readSourceMap(file));
      const origin = maps.get(file)?.findOrigin(Number(line), Number(column));
      if (origin === undefined || !('fileName' in origin)) return frame;
      const source = origin.fileName.replace(/^(\.\.\/)+/, '');
      return `${start}${source}:${origin.lineNumber}:${origin.columnNumber}`;
    },
  );
}

/** @returns null for a file without a map, as our sources are. */
function readSourceMap(file: string): SourceMap | null {
  try {
    const sea = process.getBuiltinModule('node:sea');
    const text = sea.isSea() ? sea.getAsset('program.cjs.map', 'utf8') : readFileSync(`${file}.map`, 'utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return null;
  }
}
