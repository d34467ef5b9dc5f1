import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { StandInAiProvider, eventually } from '@atlas/testing';
import { type Env, TestControlPlane } from './control-plane.fixture';
import { JOBS } from './job-scene.fixture';
import { PlaneSimulator, type SignedAnswer } from './plane-simulator.fixture';

export const API_KEY = 'sk-a-secret-of-the-control-plane';
export const QUESTION = { messages: [{ role: 'user', content: 'Why is web-1 down?' }] };
export const AI_PATH = PLANE_PATHS.chatCompletions;

/** A Control Plane, its AI provider, and tenants that ask questions. */
export class AiScene {
  private constructor(
    readonly provider: StandInAiProvider,
    readonly plane: TestControlPlane,
    readonly env: Env,
  ) {}

  static async set(
    driver: 'postgres' | 'sqlite',
    changes: Env = {},
    through?: (url: string) => string,
  ): Promise<AiScene> {
    const provider = await StandInAiProvider.start();
    const env = {
      AI_PROVIDER_BASE_URL: provider.baseUrl,
      AI_PROVIDER_API_KEY: API_KEY,
      AI_PROVIDER_MODEL: 'stand-in-1',
      ...changes,
    };
    return new AiScene(provider, await TestControlPlane.boot(driver, env, {}, through), env);
  }

  async close(): Promise<void> {
    await this.plane.close();
    await this.provider.stop();
  }

  /** An active tenant. */
  async tenant(deployment_model: string, region = deployment_model): Promise<Asker> {
    const cell = deployment_model === 'shared' && (await this.plane.enrolledCell({ region }));
    const { body } = await this.plane.provision({ deployment_model, region }).expect(202);
    const { tenant, install, job } = body;
    const plane =
      cell || new PlaneSimulator(this.plane.url, this.plane.clock, tenant.tenant_plane_id, install);
    if (!cell) await plane.enrol();
    await plane.serve(tenant.id);
    const isDone = async () => (await this.plane.get(`${JOBS}/${job.id}`)).body.status === 'succeeded';
    await eventually(isDone, { what: 'the tenant is active' });
    return new Asker(this.plane.url, plane, tenant.id);
  }
}

/** A tenant plane that asks questions on behalf of one of its tenants. */
export class Asker {
  constructor(
    private readonly url: string,
    readonly plane: PlaneSimulator,
    readonly tenantId: string,
  ) {}

  /** The same plane, calling another process of the Control Plane. */
  at(url: string): Asker {
    return new Asker(url, this.plane.copy({ url }), this.tenantId);
  }

  ask(body: object = QUESTION, query = ''): Promise<SignedAnswer> {
    return this.plane.call({
      method: 'POST',
      path: AI_PATH + query,
      body,
      signed: { tenantId: this.tenantId },
    });
  }

  /** A call that can be aborted, and whose response need not be read. */
  open(body: object): { readonly call: ClientRequest; readonly answer: Promise<IncomingMessage> } {
    const text = JSON.stringify(body);
    const signed = this.plane.sign({
      method: 'POST',
      path: AI_PATH,
      text,
      signed: { tenantId: this.tenantId },
    });
    const headers = { ...signed, 'content-type': 'application/json' };
    const call = httpRequest(`${this.url}${AI_PATH}`, { method: 'POST', headers });
    call.on('error', () => undefined);
    const answer = new Promise<IncomingMessage>((resolve) => call.once('response', resolve));
    return { call: call.end(text), answer };
  }
}
