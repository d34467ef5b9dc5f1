interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** The server-sent events in the body of an answer to a POST, which EventSource cannot send. */
export async function* eventsIn(
  body: ReadableStream<Uint8Array> | null | undefined,
): AsyncGenerator<StreamEvent> {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = eventOf(block);
        if (event.data !== '') yield event;
      }
    }
  } finally {
    // Rejects if the call was given up.
    reader.cancel().catch(() => undefined);
  }
}

function eventOf(block: string): StreamEvent {
  const lines = block.split('\n');
  const valuesOf = (field: string): string[] =>
    lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trim());
  return { name: valuesOf('event').join(''), data: valuesOf('data').join('\n') };
}
