/** Of `-v`, as kubectl's: from 6 on, requests are told. */
export const verbosityLevels = { step: 4, request: 6 };
