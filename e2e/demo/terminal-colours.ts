/** The terminal's own colours: light on dark, whatever is around it. */
export const defaultForeground = '#e6edf3';
export const defaultBackground = '#0d1117';

/** The sixteen colours that every terminal chooses for itself; all but black are readable on the background. */
const namedColours = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ...['#8b949e', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#f0f6fc'],
];
const cubeStart = namedColours.length;
const cubeLevels = [0, 95, 135, 175, 215, 255] as const;
const greyStart = cubeStart + cubeLevels.length ** 3;

/** @returns one of the 256 colours of xterm, as `#rrggbb`. */
export function getPaletteColour(index: number): string {
  const named = namedColours[index];
  if (named !== undefined) return named;
  if (index >= greyStart) {
    const level = 8 + 10 * (index - greyStart);
    return formatColour((level << 16) | (level << 8) | level);
  }
  const cube = index - cubeStart;
  const [red = 0, green = 0, blue = 0] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(
    (step) => cubeLevels[step],
  );
  return formatColour((red << 16) | (green << 8) | blue);
}

/** @param rgb one number of 24 bits. */
export function formatColour(rgb: number): string {
  return `#${rgb.toString(16).padStart(6, '0')}`;
}
