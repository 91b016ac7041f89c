import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Recording } from '../../src/cli/attached/recording.ts';
import { type AsciicastEvent, formatAsciicast } from './asciicast.ts';
import { drawRecording } from './demo-svg.ts';

const header = { version: 2 as const, width: 80, height: 24, title: 'shop/web: shell' };
const draw = (...events: AsciicastEvent[]): Promise<string> =>
  drawRecording(formatAsciicast({ header, events }));
const listTexts = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

/** @returns the keyframes of what has a class, by their declarations. */
function readKeyframes(svg: string, name: string): [percent: number, declaration: string][] {
  const [, frames = ''] = new RegExp(`@keyframes ${name}\\{((?:[^{}]+\\{[^}]*\\})*)\\}`).exec(svg) ?? [];
  return [...frames.matchAll(/([\d.]+)%\{([^}]*)\}/g)].map(([, percent, declaration = '']) => [
    Number(percent),
    declaration,
  ]);
}

describe('the picture of a recording', () => {
  test('shows a session as --record keeps it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'crashcart-demo-'));
    try {
      const file = join(directory, 'session.cast');
      const recording = await Recording.create({
        file,
        size: { columns: 80, rows: 24 },
        title: 'shop/web: shell',
        term: 'xterm',
      });
      const sink = new Writable({ write: (_chunk, _encoding, callback) => callback() });
      const tapped = recording.tap(sink, 'stdout');
      await new Promise<void>((resolve) => tapped.end('\x1b[32mready\x1b[0m # \r\n', resolve));
      await recording.close();
      const svg = await drawRecording(await readFile(file, 'utf8'));
      expect(svg).toContain('<title id="title">shop/web: shell</title>\n<desc id="desc">ready #</desc>');
      expect(svg).toContain('fill="#3fb950">ready</text>');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('moves each row at its time, stays at the end for a while, and stands still where nothing is to move', async () => {
    const svg = await draw(
      [0, 'o', '$ '],
      [1, 'o', 'ls'],
      [1.5, 'o', '\r\ntarget\r\n'],
      [2, 'o', '\x1b[1;1H\x1b[K$ '],
    );
    expect(svg).toContain('.r0{animation:r0 6000ms step-end infinite}');
    // What the row shows again at the end is not drawn again.
    expect(readKeyframes(svg, 'r0')).toEqual([
      [0, 'transform:translateY(0px)'],
      [16.667, 'transform:translateY(-20px)'],
      [33.333, 'transform:translateY(0px)'],
    ]);
    expect(readKeyframes(svg, 'cursor').map(([, at]) => at)).toEqual([
      'transform:translate(18px,0px)',
      'transform:translate(36px,0px)',
      'transform:translate(0px,40px)',
      'transform:translate(18px,0px)',
    ]);
    expect(listTexts(svg)).toEqual(['$', '$ ls', 'target']);
    expect(svg).toContain('@media(prefers-reduced-motion:reduce){*{animation:none!important}}');
    expect(svg).toMatch(/<g class="r0" transform="translate\(0 0\)">/);
    expect(svg).toMatch(/<g class="r1" transform="translate\(0 -20\)">/);
  });

  test('has columns below each other whatever the font, and the look of its cells', async () => {
    const svg = await draw([0, 'o', 'ab  cd\r\n  \x1b[1;4;44mx y\x1b[0m \x1b[2m中\x1b[0m']);
    expect(svg).toContain('<text x="0" y="15" textLength="54">ab  cd</text>');
    expect(svg).toContain(
      '<rect x="18" y="0" width="27" height="20" fill="#58a6ff"/>' +
        '<text x="18" y="15" textLength="27" font-weight="bold" text-decoration="underline">x y</text>' +
        '<text x="54" y="15" opacity=".6">中</text>',
    );
  });

  test('keeps hostile content text', async () => {
    const hostile =
      '<script>alert(1)</script> ]]> &amp; "\' \x1b]0;title\x07\x1b[31mred\x1b[0m a\0b\u009b1md \ud800 \u202ee \uffff';
    const svg = await drawRecording(
      formatAsciicast({
        header: { ...header, title: '</title><script>\0\x1b\ud800' },
        events: [[0, 'o', hostile]],
      }),
    );
    expect(svg).not.toMatch(/<script|\]\]>|javascript/);
    expect(svg).not.toMatch(/[^\n\P{Cc}]|[\p{Cs}\p{Bidi_Control}\uffff]/u);
    expect(svg).toContain('<title id="title">&lt;/title&gt;&lt;script&gt;\ufffd</title>');
    expect(listTexts(svg).join('')).toContain(
      "&lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp;amp; &quot;'",
    );
    expect(svg).toContain('fill="#ff7b72">red</text>');
  });

  test('loads nothing from anywhere', async () => {
    const svg = await draw([0, 'o', 'a']);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|href|@import|foreignObject/,
    );
  });

  test('is always the same one, and small', async () => {
    const keys: AsciicastEvent[] = Array.from({ length: 200 }, (_, key) => [
      key / 10,
      'o',
      key % 20 ? 'x' : '\r\n# ',
    ]);
    const svg = await draw(...keys);
    expect(await draw(...keys)).toBe(svg);
    expect(svg.length).toBeLessThan(60_000);
  });

  test('is not made of something else', async () => {
    await expect(drawRecording('{"version":3}\n')).rejects.toThrow('line 1 of the recording');
    const lines = `${JSON.stringify(header)}\n[0,"o","a"]\n[1,"o"]\n`;
    await expect(drawRecording(lines)).rejects.toThrow('line 3 of the recording');
  });
});
