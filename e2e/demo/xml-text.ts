/** Controls: no column is theirs, XML does not allow most of them, and some reorder what stands around them. */
const controls = /[\p{Cc}\p{Bidi_Control}]/gu;
/** Halves of characters, and what is none. */
const noCharacters = /[\p{Cs}\ufffe\uffff]/gu;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Makes any text a text of XML, or an attribute's: nothing in it is markup, or a control character. */
export function escapeXML(text: string): string {
  return text
    .replaceAll(controls, '')
    .replaceAll(noCharacters, '\ufffd')
    .replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}
