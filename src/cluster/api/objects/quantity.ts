import { quantityToScalar } from '@kubernetes/client-node/dist/util.js';

/**
 * Reads a Kubernetes quantity as a number.
 * @param quantity without a fraction, which the library can't read; the API server writes none.
 */
export function readQuantity(quantity: string): number {
  return Number(quantityToScalar(quantity));
}
