import { type Server } from 'node:http';
import type supertest from 'supertest';

const MOST_TRIES = 30;

/** Repeats a call until the server says what has become of it. */
export async function untilAnswered(call: () => supertest.Test): Promise<supertest.Response> {
  let answer = await call();
  for (let tries = 1; answer.status >= 500 && tries < MOST_TRIES; tries += 1) answer = await call();
  return answer;
}

/** Closes a request's connection once the server is `atWork` on it, and waits until the server notices. */
export async function hangUp(server: Server, request: supertest.Test, atWork: Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.once('request', ({ socket }) => socket.once('close', () => resolve()));
  });
  request.end(() => undefined);
  await atWork;
  request.abort();
  await closed;
}
