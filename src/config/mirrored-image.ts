/**
 * Names an image as a mirror of its registry has it: the registry's host is replaced; path, tag and digest stay.
 * @param mirror host, or host and path, without a scheme.
 */
export function nameInMirror(image: string, mirror: string): string {
  const [first = '', ...rest] = image.split('/');
  // What tells a registry from the first part of a path: https://github.com/distribution/reference
  const hasRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
  return `${mirror}/${hasRegistry ? rest.join('/') : image}`;
}
