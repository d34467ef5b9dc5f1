import { contentPolicy, hashOf } from '../http/content-policy';

const STYLE = `
body {
  font: 1rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 36rem; padding: 0 1rem; color: #1c2733;
}
h1 { font-size: 1.5rem; text-transform: capitalize; }
small { color: #5b6875; }
`;

const AGAIN_S = 30;

/**
 * A page that shows a problem in a browser: what is wrong, and the trace id to quote. It has no script and
 * loads nothing. While a tenant is suspended, the browser tries again.
 */
export function problemPage(problem: Readonly<Record<string, unknown>>): string {
  const [title, detail, traceId] = [problem['title'], problem['detail'], problem['trace_id']].map(escaped);
  const passes = problem['code'] === 'tenant_suspended';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">${passes ? `\n<meta http-equiv="refresh" content="${AGAIN_S}">` : ''}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${detail}${passes ? ` This page tries again every ${AGAIN_S} seconds.` : ''}</p>
<p><small>Reference: ${traceId}</small></p>
</body>
</html>
`;
}

export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentPolicy({ 'style-src': hashOf(STYLE) }),
} as const;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML elements and quoted attributes. */
export function escaped(value: unknown): string {
  return String(value ?? '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
