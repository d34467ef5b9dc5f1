import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

/** A user of a tenant who makes calls. */
export interface Caller {
  readonly tenant: string;
  readonly session: string;
}

export interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly ms: number;
}

const TICK_MS = 10;
const MOST_IN_FLIGHT = 2000;
const CONNECTIONS = 500;
const INCIDENT = JSON.stringify({ title: 'The disk is full', severity: 'P3' });

/** Makes calls to one process of a tenant plane. */
export class Load implements AsyncDisposable {
  private readonly pool: Pool;
  private made = 0;

  constructor(url: string) {
    this.pool = new Pool(url, { connections: CONNECTIONS });
  }

  /** Lists incidents or, for every fifth call, reports one. */
  async call({ tenant, session }: Caller): Promise<Answer> {
    const startedAt = performance.now();
    const headers = { 'x-tenant-id': tenant, authorization: `Bearer ${session}` };
    const { statusCode: status, body } =
      (this.made += 1) % 5 === 0
        ? await this.pool.request({
            method: 'POST',
            path: '/api/incidents',
            headers: { ...headers, 'content-type': 'application/json' },
            body: INCIDENT,
          })
        : await this.pool.request({ method: 'GET', path: '/api/incidents?limit=20', headers });
    const text = await body.text();
    const code = status < 400 ? null : (JSON.parse(text) as { code: string }).code;
    return { status, code, ms: performance.now() - startedAt };
  }

  /** `callers` callers who each wait for an answer before they call again. */
  async steady(caller: Caller, callers: number, until: AbortSignal, pauseMs = 0): Promise<Answer[]> {
    const answers: Answer[] = [];
    const one = async (): Promise<void> => {
      while (!until.aborted) {
        answers.push(await this.call(caller));
        if (pauseMs > 0) await delay(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: callers }, one));
    return answers;
  }

  /** Calls `perSecond` times a second, however long the answers take. Returns those received in time. */
  async relentless(caller: Caller, perSecond: number, until: AbortSignal): Promise<Answer[]> {
    const answers: Answer[] = [];
    const startedAt = performance.now();
    let [sent, inFlight] = [0, 0];
    while (!until.aborted) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
      for (; sent < due; sent += 1) {
        if (inFlight >= MOST_IN_FLIGHT) continue;
        inFlight += 1;
        void this.call(caller)
          .then((answer) => answers.push(answer))
          .finally(() => (inFlight -= 1));
      }
      await delay(TICK_MS);
    }
    return [...answers];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
  }
}
