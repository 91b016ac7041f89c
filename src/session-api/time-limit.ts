/** Longest time limit: a timer of more than 2^31 ms (24 days) would fire at once. */
export const maxTimeLimitSeconds = 24 * 60 * 60;
