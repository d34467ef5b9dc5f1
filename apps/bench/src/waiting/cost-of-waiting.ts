import { setTimeout as delay } from 'node:timers/promises';
import { type Held, MemoryReports } from '@atlas/testing';
import { type Client } from 'pg';
import { nameOf } from '../database-url';
import { transactionsDuring, withoutAutovacuum } from './transactions';
import { type WaitingFleet } from './waiting-fleet';

/** Postgres may report a connection's activity up to 10 s late. */
const STATISTICS_LAG_MS = 11_000;

interface Standing {
  readonly transactions: number;
  readonly held: Held;
}

export interface CostOfWaiting {
  readonly idle: Standing;
  readonly waiting: Standing;
}

/**
 * Measures a Control Plane's memory and its database's transactions over `seconds`, first while no plane is
 * waiting, then while `links` planes are waiting.
 */
export function costOfWaiting(
  admin: Client,
  fleet: WaitingFleet,
  { links: count, seconds }: { readonly links: number; readonly seconds: number },
): Promise<CostOfWaiting> {
  const memory = new MemoryReports(fleet.stack.controlPlane);
  const measure = async (): Promise<Standing> => {
    await delay(STATISTICS_LAG_MS);
    const transactions = await transactionsDuring(admin, nameOf(fleet.databaseUrl), seconds);
    return { transactions, held: await memory.next() };
  };
  return withoutAutovacuum(admin, async () => {
    const idle = await measure();
    const links = await fleet.wait(count);
    const waiting = await measure();
    for (const link of links) link.requireWaiting();
    for (const link of links) link.close();
    return { idle, waiting };
  });
}
