/** Of what is waited for in one go: timers hold no more than 2^31 ms (24 days), and beyond that end at once. */
export const maxTimeLimitSeconds = 24 * 60 * 60;
