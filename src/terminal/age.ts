const steps = [
  { unit: 'd', seconds: 86_400, below: Number.POSITIVE_INFINITY },
  { unit: 'h', seconds: 3600, below: 48 * 3600 },
  { unit: 'm', seconds: 60, below: 3 * 3600 },
  { unit: 's', seconds: 1, below: 120 },
];

/** @returns the time since a date as kubectl's columns show it: `45s`, `12m`, `5h`, `3d`. */
export function formatAge(date: Date, now = new Date()): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - date.getTime()) / 1000));
  const step = steps.findLast(({ below }) => seconds < below) ?? steps[0];
  return step === undefined ? '' : `${Math.floor(seconds / step.seconds)}${step.unit}`;
}
