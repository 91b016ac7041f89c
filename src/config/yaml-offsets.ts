import { type Event, EVENT_ID, getScalarValue } from 'js-yaml';

/** A place in a text, counted from 1. */
export interface TextPlace {
  line: number;
  column: number;
}

/**
 * Finds where the values of a YAML document stand.
 * @param events that js-yaml parsed from the text.
 * @returns a function that gives the place of a value by its path, or of the innermost value above it that there is.
 */
export function locateValues(text: string, events: Event[]): (path: PropertyKey[]) => TextPlace {
  const offsets = new Map<string, number>();
  let next = 0;
  const visitItems = (visit: (index: number) => void) => {
    for (let index = 0; events[next]?.type !== EVENT_ID.POP; index++) visit(index);
    next++;
  };
  const visitValue = (path: PropertyKey[]) => {
    const event = events[next++];
    if (event === undefined) return;
    const offset = findStart(event);
    // An empty value has no place of its own.
    if (offset >= 0) offsets.set(JSON.stringify(path), offset);
    if (event.type === EVENT_ID.DOCUMENT) visitItems(() => visitValue(path));
    else if (event.type === EVENT_ID.SEQUENCE) visitItems((index) => visitValue([...path, index]));
    else if (event.type === EVENT_ID.MAPPING) visitItems(() => visitValue([...path, readKey()]));
  };
  const readKey = () => {
    const event = events[next];
    if (event?.type === EVENT_ID.SCALAR) return getScalarValue(text, events[next++] as typeof event);
    // A list or a map as a key: no setting has one.
    visitValue([...'?']);
    return '?';
  };
  visitValue([]);
  return (path) => {
    const lengths = path.map((_, index) => path.length - index);
    const found = lengths.map((length) => offsets.get(JSON.stringify(path.slice(0, length))));
    return findPlace(text, found.find((offset) => offset !== undefined) ?? offsets.get('[]') ?? 0);
  };
}

function findStart(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : -1;
}

function findPlace(text: string, offset: number): TextPlace {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
