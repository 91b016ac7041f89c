/**
 * Names an image in a mirror of its registry: the host of the registry is replaced; path, tag and digest stay.
 * @param mirror host, or host and path, without a scheme.
 */
export function nameInMirror(image: string, mirror: string): string {
  const path = image.split('/').slice(1);
  return `${mirror}/${path.length > 0 && namesRegistry(image) ? path.join('/') : image}`;
}

/**
 * Whether a name begins with the host of a registry. Without a host, it is a path on Docker Hub, where its first part
 * may belong to anybody. https://github.com/distribution/reference
 */
export function namesRegistry(name: string): boolean {
  const [first = ''] = name.split('/');
  return /[.:]|^localhost$/.test(first);
}
