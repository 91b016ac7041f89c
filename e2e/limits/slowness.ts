/** Set where the nodes are emulated: how much longer than on a real machine things may take there. */
export const slownessVariable = 'CRASHCART_E2E_SLOWNESS';

/** What the limits of the tests and of the cluster's start are multiplied by. */
export const slowness = Number(process.env[slownessVariable] ?? '1');
