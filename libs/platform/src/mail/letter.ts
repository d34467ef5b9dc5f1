/** The content of an email: plain sentences, and at most one link. */
export interface Letter {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** Placed after the first paragraph. */
  readonly action?: { readonly label: string; readonly url: string };
}

export interface WrittenLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * Renders plain text and equivalent HTML. Everything in a letter is treated as data and never becomes markup
 * or a header.
 */
export function writeLetter({ subject, paragraphs, action }: Letter): WrittenLetter {
  const [first = '', ...others] = paragraphs;
  const link = action && `<a href="${escapeHtml(action.url)}">${escapeHtml(action.label)}</a>`;
  const html = [escapeHtml(first), ...(link ? [link] : []), ...others.map(escapeHtml)];
  return {
    subject: subject.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' '),
    text: `${[first, ...(action ? [`${action.label}: ${action.url}`] : []), ...others].join('\n\n')}\n`,
    html: `<!doctype html><html><body>${html.map((part) => `<p>${part}</p>`).join('')}</body></html>`,
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
