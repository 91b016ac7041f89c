interface Key {
  name?: string;
  ctrl?: boolean;
}

/**
 * Watches for what leaves a prompt of @inquirer: Esc, Ctrl-D, or the end of the input. At the last two readline closes
 * its input, and the prompt would wait for ever.
 * @returns a signal to give to the prompt, and the function that stops watching.
 */
export function watchLeaveKeys(input: NodeJS.ReadableStream): { left: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const leave = () => controller.abort();
  const onKey = (_text: string | undefined, key: Key) => {
    if (key.name === 'escape' || (key.ctrl && key.name === 'd')) leave();
  };
  input.on('keypress', onKey).once('end', leave);
  return { left: controller.signal, stop: () => void input.off('keypress', onKey).off('end', leave) };
}
