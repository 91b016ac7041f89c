import { createHash } from 'node:crypto';

/**
 * Completes a picture that termtosvg drew: readers who want no motion see its last screen, and its last line says
 * which recording it shows.
 */
export function completePicture(picture: string, recording: string): string {
  const lastScreen = picture.match(/translateY\(-?\d+px\)/g)?.at(-1) ?? 'none';
  const still = `@media(prefers-reduced-motion:reduce){#screen_view{animation:none!important;transform:${lastScreen}}}`;
  return `${picture.trimEnd().replace(/<\/svg>$/, `<style>${still}</style></svg>`)}\n${describeMark(recording)}\n`;
}

/** @returns the last line of a recording's picture. */
export function describeMark(recording: string): string {
  return `<!-- drawn by npm run docs from the recording ${createHash('sha256').update(recording).digest('hex')} -->`;
}
