// Jest's environment of the tests where the nodes are emulated: limits that a test or a hook sets itself are multiplied
// too, not only the default one. JavaScript: jest loads an environment without the transform of the tests.
import { TestEnvironment } from 'jest-environment-node';

const slowness = Number(process.env.CRASHCART_E2E_SLOWNESS);

export default class SlowEnvironment extends TestEnvironment {
  #scaled = new WeakSet();

  /** https://jestjs.io/docs/configuration#testenvironment-string: the events of jest-circus */
  handleTestEvent({ name, test, hook }) {
    const timed = name === 'test_start' ? test : name === 'hook_start' ? hook : undefined;
    // A hook starts once for each test that it is for.
    if (timed === undefined || this.#scaled.has(timed)) return;
    this.#scaled.add(timed);
    if (timed.timeout !== undefined) timed.timeout *= slowness;
  }
}
