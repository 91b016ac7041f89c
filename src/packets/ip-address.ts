/**
 * Parses an address as Kubernetes writes it.
 * @returns its 4 or 16 bytes; null when the text is not an address.
 */
export function parseAddress(text: string): Buffer | null {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

function parseIPv4(text: string): Buffer | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  const parts = text.split('.').map(Number);
  return parts.every((part) => part <= 255) ? Buffer.from(parts) : null;
}

function parseIPv6(text: string): Buffer | null {
  const last = text.slice(text.lastIndexOf(':') + 1);
  if (last.includes('.')) {
    const tail = parseIPv4(last);
    if (tail === null) return null;
    return parseIPv6(
      `${text.slice(0, -last.length)}${tail.toString('hex', 0, 2)}:${tail.toString('hex', 2)}`,
    );
  }
  const [head = '', rest, ...more] = text.split('::');
  const groups = [head, rest ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const missing = 8 - groups.flat().length;
  if (more.length > 0 || (rest === undefined ? missing !== 0 : missing < 1)) return null;
  const all = [...(groups[0] ?? []), ...Array<string>(missing).fill('0'), ...(groups[1] ?? [])];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
