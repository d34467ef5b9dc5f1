import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { type PlaneProcess, asAdmin, builtFile } from '@atlas/testing';
import { type Bench } from '../bench';
import { inDatabase, nameOf } from '../database-url';
import { type Load, type LoadResult, runLoad } from '../load/run-load';
import { startControlPlane } from '../planes/control-plane';
import { StartedProcess } from '../start/started-process';
import { type PlacedPlane, placedPlanes } from '../waiting/placed-planes';
import { type StreamedRequest, streamOnce } from './streamed-request';

/** More than one, because a tenant has only a share of the gateway. */
const TENANTS = 4;
const TOKENS = 50;
const TOKEN_EVERY_MS = 10;
const QUESTION = {
  messages: [{ role: 'user', content: 'Why is web-1 down?' }],
  stream: true,
  max_tokens: 100,
};
const MODELS = { core: ['any'], operations: ['any'], enterprise: ['any'] };

/** Asks the same question in three ways: through the gateway, through a pass-through, and directly. */
export class AiCallers {
  private constructor(
    readonly controlPlane: PlaneProcess,
    private readonly askers: readonly PlacedPlane[],
    private readonly providerUrl: string,
    private readonly passThroughUrl: string,
  ) {}

  static async start(bench: Bench): Promise<AiCallers> {
    const providerUrl = await startProvider(bench);
    const database = await bench.createDatabase();
    const stack = await startControlPlane(bench, database);
    const provider = {
      name: 'bench',
      kind: 'openai_compatible',
      base_url: `${providerUrl}/v1`,
      models: MODELS,
    };
    await stack.api('/api/ai/providers', { body: provider });
    const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
    const askers = await placedPlanes(stack, adminUrl, TENANTS);
    // No plane reports that it serves its tenant. A large plan has enough credits for every round.
    await asAdmin(adminUrl, (admin) =>
      admin.query(`update tenants set status = 'active', plan = 'enterprise'`),
    );
    const file = builtFile('bench', 'empty-app/pass-through-app.js');
    const peer = await StartedProcess.start(file, { UPSTREAM: providerUrl });
    bench.defer(() => peer.end());
    return new AiCallers(stack.controlPlane, askers, providerUrl, peer.url);
  }

  throughGateway(load: Load): Promise<LoadResult> {
    const path = PLANE_PATHS.chatCompletions;
    const body = JSON.stringify(QUESTION);
    const signed = Array.from({ length: load.count }, (_, n) => {
      const asker = this.askers[n % this.askers.length];
      const headers = asker?.plane.headers('POST', path, body, asker.tenantId) ?? {};
      return { url: new URL(path, this.controlPlane.url), body, headers };
    });
    return ask(load, (n) => signed[n]);
  }

  passedThrough(load: Load): Promise<LoadResult> {
    return ask(load, () => this.unsigned(this.passThroughUrl));
  }

  direct(load: Load): Promise<LoadResult> {
    return ask(load, () => this.unsigned(this.providerUrl));
  }

  private unsigned(base: string): StreamedRequest {
    const body = JSON.stringify({ ...QUESTION, model: 'any' });
    return { url: new URL('/v1/chat/completions', base), body, headers: {} };
  }
}

/** The latencies are the times to the first token, and the rate counts whole answers. */
async function ask(load: Load, requestOf: (n: number) => StreamedRequest | undefined): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const { perSecond } = await runLoad(load, async (_, n) => {
    const request = requestOf(n);
    if (request) latenciesMs.push(await streamOnce(request));
  });
  return { perSecond, latenciesMs };
}

/** A provider that needs little CPU time. It runs in the benchmark's process, for all three ways alike. */
async function startProvider(bench: Bench): Promise<string> {
  const chunk = 'data: {"model":"any","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n';
  const usage = 'data: {"choices":[],"usage":{"prompt_tokens":13,"completion_tokens":50}}\n\n';
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let left = TOKENS;
    const timer = setInterval(() => {
      response.write(chunk);
      if ((left -= 1) > 0) return;
      clearInterval(timer);
      response.end(`${usage}data: [DONE]\n\n`);
    }, TOKEN_EVERY_MS);
    response.once('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  bench.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
