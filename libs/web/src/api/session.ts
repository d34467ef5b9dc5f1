import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { giveUpWaiting } from './patience';
import { ProblemError } from './problem';

interface SessionSource<Session> {
  readonly queries: QueryClient;
  /** The key of the query that knows who is signed in. */
  readonly key: readonly [string];
  readonly read: () => Promise<Session>;
  /** Who it is. */
  readonly idOf: (session: Session) => string;
}

/**
 * Who is signed in, or null. Whatever was loaded for somebody else is forgotten. Other tabs ask the server
 * who is signed in now, rather than trust a message.
 */
export function sessionOf<Session>({ queries, key, read, idOf }: SessionSource<Session>) {
  let last: string | null = null;
  const tabs = new BroadcastChannel(key[0]);
  tabs.onmessage = () => {
    giveUpWaiting();
    void queries.refetchQueries({ queryKey: key });
  };
  const forget = (): void => queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== key[0] });
  const me = queryOptions({
    queryKey: key,
    queryFn: async () => {
      try {
        const session = await read();
        if (last !== null && last !== idOf(session)) {
          giveUpWaiting();
          forget();
        }
        last = idOf(session);
        return session;
      } catch (error) {
        if (error instanceof ProblemError && error.problem.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
  return {
    me,
    /** Says to the other tabs that somebody has signed in or out. */
    tellTabs: (): void => tabs.postMessage(null),
    /** Forgets everything, after a sign-out. */
    end: (): void => {
      giveUpWaiting();
      queries.clear();
      queries.setQueryData(key, null);
      tabs.postMessage(null);
    },
  };
}
