import { pauseBeforeStream } from '../src/api/patience';

/** The status that a browser gives a redirect that it does not follow. */
const REDIRECT = 0;
const EVENTS = { 'content-type': 'text/event-stream' };

describe('the pause before a refused stream is opened again', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['is what a busy server asks for', 503, { 'retry-after': '7' }, 7000],
    ['is what a server asks for that limits calls', 429, { 'retry-after': '20' }, 20_000],
    ['is never shorter than a second', 503, { 'retry-after': '0' }, 1000],
    ['is never longer than half a minute', 503, { 'retry-after': '9999999999' }, 30_000],
    ['is never endless', 503, { 'retry-after': '9'.repeat(400) }, 30_000],
    ['is a second if the stream can be opened by now', 200, EVENTS, 1000],
    ['does not end if the server names no time', 503, {}, null],
    ['does not end if the session has ended', 401, { 'retry-after': '7' }, null],
    ['does not end if something else is served there', 200, { 'content-type': 'text/html' }, null],
    ['does not end if the tenant has moved', REDIRECT, {}, null],
  ])('%s', async (_, status, headers, expected) => {
    const answer = status === REDIRECT ? Response.error() : new Response('x', { status, headers });
    const asked = jest.spyOn(globalThis, 'fetch').mockResolvedValue(answer);
    const { signal } = new AbortController();
    expect(await pauseBeforeStream('/api/events', signal)).toBe(expected);
    const request = { headers: { accept: 'text/event-stream' }, redirect: 'manual', signal };
    expect(asked).toHaveBeenCalledWith('/api/events', request);
  });
});
