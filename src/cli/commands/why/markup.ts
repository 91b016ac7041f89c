import { escapeText } from '../../../failure/escape-text.ts';

/** HTML, as opposed to text that has to be escaped in HTML. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

type Part = Markup | string | number | null | Part[];

/**
 * Tags a template of HTML. What is inserted is text, whatever is in it, unless it is markup itself; null is nothing.
 * Attributes are always quoted in the template.
 */
export function markup(template: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(String.raw({ raw: template }, ...parts.map(formatPart)));
}

function formatPart(part: Part): string {
  if (part === null) return '';
  if (Array.isArray(part)) return part.map(formatPart).join('');
  return part instanceof Markup ? part.html : escapeHTML(escapeText(String(part)));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHTML(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
