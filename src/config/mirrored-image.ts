/**
 * Names an image as a mirror of its registry has it: the registry's host is replaced; path, tag and digest stay.
 * @param mirror host, or host and path, without a scheme.
 */
export function nameInMirror(image: string, mirror: string): string {
  const path = image.split('/').slice(1);
  return `${mirror}/${path.length > 0 && namesRegistry(image) ? path.join('/') : image}`;
}

/**
 * Whether a name begins with the host of a registry, and not with the first part of a path: that would be one of Docker
 * Hub's, whoever has that name there. https://github.com/distribution/reference
 */
export function namesRegistry(name: string): boolean {
  const [first = ''] = name.split('/');
  return /[.:]|^localhost$/.test(first);
}
