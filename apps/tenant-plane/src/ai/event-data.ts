/**
 * Yields the data of each server-sent event in one piece
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
export async function* eventData(parts: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of parts) {
    // The chunks are joined first, because a chunk may end between CR and LF.
    const events = (rest + decoder.decode(part, { stream: true })).replaceAll('\r\n', '\n').split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const lines = event.split('\n').filter((line) => line.startsWith('data:'));
      if (lines.length > 0) yield lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n');
    }
  }
}
