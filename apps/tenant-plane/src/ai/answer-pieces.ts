import { type AiText } from './ai-question';
import { type Redaction } from './redaction';
import { ShownText } from './shown-text';
import { requireBounded } from './structured-answer';

/** One piece of the text of a streamed answer or, at the end, what was made of the whole answer. */
export type AnswerPiece<T> = { readonly text: string } | { readonly whole: T };

/** Shows an answer as it arrives. `finish` reads and records the whole answer. */
export async function* answerPieces<T>(
  pieces: AsyncIterable<AiText>,
  redaction: Redaction,
  finish: (whole: AiText) => Promise<T>,
): AsyncGenerator<AnswerPiece<T>> {
  const shown = new ShownText(redaction);
  let whole: AiText = { text: '', model: '', source: 'control_plane' };
  for await (const piece of pieces) {
    whole = { ...piece, text: whole.text + piece.text };
    requireBounded(whole.text);
    const text = shown.add(piece.text);
    if (text !== '') yield { text };
  }
  const text = shown.end();
  if (text !== '') yield { text };
  yield { whole: await finish(whole) };
}
