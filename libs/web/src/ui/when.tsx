import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Explained } from './explained';

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

const REFRESH_MS = 30_000;
/** What has just happened can be this much later than the time the page knows, as clocks differ, too. */
const SOON_S = 40;

/** "5 minutes ago". The exact time is in a tooltip and, for other programs, in the element. */
export function When({ at }: { readonly at: string | null | undefined }) {
  const now = useNow(REFRESH_MS);
  if (!at) return <Text span>–</Text>;
  return (
    <Explained text={absolute.format(new Date(at))}>
      <time dateTime={at}>{agoOf(at, now)}</time>
    </Explained>
  );
}

function agoOf(at: string, now: number): string {
  const away = (Date.parse(at) - now) / 1000;
  const seconds = away > 0 && away < SOON_S ? 0 : away;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 1] as const);
  // What is left is rounded, because “in 2 months” for 90 days would be wrong; what has passed is complete.
  return relative.format(seconds > 0 ? Math.round(seconds / size) : Math.trunc(seconds / size), unit);
}

/** The current time in milliseconds, updated at this interval. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => onTick(everyMs, setNow), [everyMs]);
  return now;
}

interface Ticker {
  readonly timer: number;
  readonly listeners: Set<(now: number) => void>;
}

/** One timer per interval, because a list shows many times. */
const tickers = new Map<number, Ticker>();

function onTick(everyMs: number, listener: (now: number) => void): () => void {
  const ticker = tickers.get(everyMs) ?? started(everyMs);
  ticker.listeners.add(listener);
  return () => {
    ticker.listeners.delete(listener);
    if (ticker.listeners.size > 0) return;
    window.clearInterval(ticker.timer);
    tickers.delete(everyMs);
  };
}

function started(everyMs: number): Ticker {
  const listeners = new Set<(now: number) => void>();
  const timer = window.setInterval(() => {
    const now = Date.now();
    for (const listener of listeners) listener(now);
  }, everyMs);
  const ticker = { timer, listeners };
  tickers.set(everyMs, ticker);
  return ticker;
}
