import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ProblemError } from '../api/problem';
import './text-links.css';
import './touch.css';
import { BusyNotice } from './busy-notice';
import { allowScrollLock, styleNonce } from './style-nonce';
import { readableColours, theme } from './theme';

/** Tries a call again only if it failed: a refusal would be the same, and a busy server says when. */
const RETRIES = 2;

export function newQueryClient(): QueryClient {
  const retry = (count: number, error: Error): boolean =>
    count < RETRIES &&
    !(error instanceof ProblemError && (error.problem.status < 500 || error.problem.status === 503));
  // The plane may be on this machine or in a network that has no way out, so a browser that says it is
  // offline may be wrong. Otherwise calls would wait for ever, without a word.
  const networkMode = 'always';
  return new QueryClient({
    defaultOptions: { queries: { retry, networkMode, staleTime: 5000 }, mutations: { networkMode } },
  });
}

/** Shows an app in the element `root`. */
export function show(app: ReactNode, queries: QueryClient): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('The page has no element with the id root.');
  allowScrollLock();
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={readableColours}
        defaultColorScheme="auto"
        getStyleNonce={styleNonce}
      >
        <QueryClientProvider client={queries}>
          <Notifications />
          <BusyNotice />
          {app}
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
