/** A value that holds from one moment on. */
interface Step<T> {
  ms: number;
  value: T;
}

/** Something that changes while an animation goes on. */
export type Timeline<T> = Step<T>[];

/** @returns the moments at which a value changes; the first is the start. */
export function makeTimeline<T>(steps: Step<T>[]): Timeline<T> {
  return steps.filter(({ value }, index) => index === 0 || value !== steps[index - 1]?.value);
}

/**
 * Formats an animation by CSS that begins anew for ever, and jumps from one value to the next.
 * @param name of the animation, and of the class that has it.
 * @param format of a value: its declaration.
 * @returns '' for what never changes.
 */
export function formatAnimation<T>(
  name: string,
  timeline: Timeline<T>,
  durationMs: number,
  format: (value: T) => string,
): string {
  if (timeline.length < 2) return '';
  const frames = timeline.map(({ ms, value }) => `${formatPercent(ms / durationMs)}{${format(value)}}`);
  return (
    `.${name}{animation:${name} ${durationMs}ms step-end infinite}\n` +
    `@keyframes ${name}{${frames.join('')}}\n`
  );
}

function formatPercent(part: number): string {
  return `${Number((part * 100).toFixed(3))}%`;
}
