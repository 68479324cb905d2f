// Places in a query: the server counts bytes of UTF-8, the editor counts UTF-16 units.

/** The UTF-16 offset of a byte offset; the end of the text when the byte lies behind it. */
export function unitsOfBytes(text: string, bytes: number): number {
  let seen = 0;
  for (let units = 0; units < text.length;) {
    if (seen >= bytes) return units;
    const code = text.codePointAt(units) ?? 0;
    seen += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
    units += code >= 0x1_0000 ? 2 : 1;
  }
  return text.length;
}

/** The place an error names, from the position where the server gives one, else from its text. */
export function errorPlace(
  text: string,
  error: { message: string; position: { start: number; end: number } | null },
): { from: number; to: number } | null {
  if (error.position !== null) {
    const from = unitsOfBytes(text, error.position.start);
    const to = unitsOfBytes(text, error.position.end);
    return widen(text, from, to);
  }
  // Prometheus writes `line:column: parse error`, both from one.
  const match = /(?:^|\s)(\d+):(\d+): parse error/.exec(error.message);
  if (match === null) return null;
  const lines = text.split('\n');
  const line = Number(match[1]) - 1;
  const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
  const from = Math.min(text.length, start + Number(match[2]) - 1);
  const word = /^[\w:]+/.exec(text.slice(from))?.[0].length ?? 1;
  return widen(text, from, from + word);
}

/** At least one character, so that there is something to underline. */
function widen(text: string, from: number, to: number): { from: number; to: number } {
  const end = Math.min(text.length, Math.max(to, from + 1));
  return { from: Math.min(from, Math.max(0, end - 1)), to: end };
}
