import createClient, { type Client, type Middleware } from 'openapi-fetch';
import { patientRead } from './patience';
import { MOVED, ProblemError, asProblem } from './problem';

/** The header by which a plane recognises a repeated call. Take a new key for each new intention. */
export function onceKey(): { readonly 'Idempotency-Key': string } {
  return { 'Idempotency-Key': crypto.randomUUID() };
}

/**
 * Calls the plane that served the page. The session is in a cookie, which no script can read. Calls that fail
 * throw a {@link ProblemError}, after `onProblem` has seen it.
 */
export function createApi<Paths extends object>(onProblem: (error: ProblemError) => void): Client<Paths> {
  // A tenant that has moved is redirected to another origin, which the page must not call.
  const api = createClient<Paths>({ credentials: 'same-origin', redirect: 'manual', fetch: patientRead });
  api.use(problemsThrown(onProblem));
  return api;
}

function problemsThrown(onProblem: (error: ProblemError) => void): Middleware {
  return {
    async onResponse({ response }) {
      if (response.ok) return;
      const isMoved = response.type === 'opaqueredirect';
      const problem = isMoved ? MOVED : asProblem(parsed(await response.text()), response);
      const error = new ProblemError(problem, response.headers.get('etag'));
      onProblem(error);
      throw error;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The body of a successful answer. Refusals have been thrown already. */
export async function bodyOf<T>(call: Promise<{ readonly data?: T }>): Promise<T> {
  return (await call).data as T;
}
