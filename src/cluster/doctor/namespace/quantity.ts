import { quantityToScalar } from '@kubernetes/client-node/dist/util.js';

/** @returns a Kubernetes quantity as a number. The API server writes them without fractions, which the library needs. */
export function readQuantity(quantity: string): number {
  return Number(quantityToScalar(quantity));
}
