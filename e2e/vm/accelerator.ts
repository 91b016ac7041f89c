import { slowness, slownessVariable } from '../limits/slowness.ts';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';

/** How QEMU runs the machine's CPU. */
export interface Accelerator {
  /** QEMU's arguments. */
  arguments: string[];
  /** What the limits of the tests are multiplied by. */
  slowness: number;
}

const kvm: Accelerator = { arguments: ['-accel', 'kvm', '-cpu', 'host'], slowness: 1 };

/** Five-level page tables cost an emulated CPU more than four. The variable may say more, for a machine that is busy. */
const emulated: Accelerator = {
  arguments: ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max,la57=off'],
  slowness: process.env[slownessVariable] === undefined ? 6 : slowness,
};

/**
 * Decides whether KVM can run the kernel of a distribution here. A device /dev/kvm does not say so: the module
 * kvm_pvm has one on machines without VT-x and SVM. Kernels that are not made for that module are emulated by it, far
 * slower than by QEMU itself.
 */
export function chooseAccelerator(): Accelerator {
  const hasExtensions = /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return hasExtensions && !existsSync('/sys/module/kvm_pvm') && isUsable('/dev/kvm') ? kvm : emulated;
}

function isUsable(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
