import { readQuantity } from '../../../cluster/api/objects/quantity.ts';
import { type Markup, markup } from './markup.ts';
import { nameWidth, pictureWidth, shortenName } from './picture-layout.ts';
import type { WhyData } from './why-data.ts';

const barWidth = 280;
const rowHeight = 26;

/**
 * Draws what the containers request and what their limits are of one resource, beside each other.
 * @param resource as a pod's spec calls it: memory, cpu.
 * @returns an SVG; null when no container has either.
 */
export function drawAmounts(containers: WhyData['containers'], resource: string): Markup | null {
  const rows = containers.map(({ name, requests, limits }) => ({
    name,
    request: requests[resource] ?? null,
    limit: limits[resource] ?? null,
  }));
  const most = Math.max(...rows.flatMap(({ request, limit }) => [read(request), read(limit)]));
  if (!(most > 0)) return null;
  const scale = (amount: string | null) => Math.round((read(amount) / most) * barWidth);
  const height = rows.length * rowHeight;
  return markup`<svg viewBox="0 0 ${pictureWidth} ${height}" role="img">
<title>Requests and limits of ${resource}</title>
${rows.map(({ name, request, limit }, index) => {
  const top = index * rowHeight + 4;
  const told = `${request === null ? 'no request' : `request ${request}`}, ${limit === null ? 'no limit' : `limit ${limit}`}`;
  return markup`<text x="0" y="${top + 13}">${shortenName(name)}</text>
<rect class="limit" x="${nameWidth}" y="${top}" width="${scale(limit)}" height="16"/>
<rect class="request" x="${nameWidth}" y="${top + 4}" width="${scale(request)}" height="8"/>
<text x="${nameWidth + barWidth + 10}" y="${top + 13}">${told}</text>
`;
})}</svg>`;
}

/** @returns 0 for what is not set, or can't be read. */
function read(amount: string | null): number {
  const number = amount === null ? 0 : readQuantity(amount);
  return Number.isFinite(number) && number > 0 ? number : 0;
}
