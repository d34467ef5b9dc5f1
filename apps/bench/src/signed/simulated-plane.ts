import { randomUUID } from 'node:crypto';
import { PLANE_PATHS, type EnrolAnswer } from '@atlas/plane-contract';
import { keyIdOf, signRequest } from '@atlas/service-auth';
import { type TestStack } from '@atlas/testing';
import { KeepAliveConnection } from '../http/keep-alive-connection';
import { httpMessage, jsonOf, requireStatus } from '../http/message';

/**
 * A tenant plane as the Control Plane sees it: a key, and calls signed with that key. There is no process
 * behind it.
 */
export class SimulatedPlane {
  constructor(
    readonly id: string,
    private readonly url: string,
    private readonly secret: string,
    /** The revision of the plane's desired state at enrolment. */
    readonly revision: string,
  ) {}

  /** Registers a cell and enrols it with a signed call, as a real plane does. */
  static async enrol(stack: TestStack, capacity: number): Promise<SimulatedPlane> {
    const { id, install } = await stack.registerCell({ capacity });
    const secret = install.env['INTERNAL_SERVICE_SECRET'] ?? '';
    const expected = new SimulatedPlane(id, stack.controlPlane.url, secret, '');
    const answer = await expected.callOnce('POST', PLANE_PATHS.enrol, enrolBody(install.token));
    return new SimulatedPlane(id, stack.controlPlane.url, secret, answer.desired_state.revision);
  }

  /** The same plane, once it has applied this revision. */
  at(revision: string): SimulatedPlane {
    return new SimulatedPlane(this.id, this.url, this.secret, revision);
  }

  /** A signed call as sent over the wire. The Control Plane accepts it once, and only within 300 s. */
  message(method: 'GET' | 'POST', path: string, body?: string): string {
    return httpMessage({
      method,
      url: new URL(path, this.url),
      headers: this.headers(method, path, body),
      body,
    });
  }

  /** The headers of a signed call, which names a tenant if it is about one. */
  headers(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    tenantId?: string,
  ): Readonly<Record<string, string>> {
    const key = { keyId: keyIdOf(this.secret), secret: this.secret };
    const url = new URL(path, this.url);
    return { ...signRequest({ method, url, body, ...key, tenantId, now: new Date() }) };
  }

  private async callOnce(method: 'POST', path: string, body: object): Promise<EnrolAnswer> {
    const connection = await KeepAliveConnection.open(this.url);
    try {
      const answer = await connection.send(this.message(method, path, JSON.stringify(body)));
      return jsonOf<EnrolAnswer>(requireStatus(answer, 200));
    } finally {
      connection.close();
    }
  }
}

function enrolBody(token: string): object {
  return {
    token,
    instance_id: randomUUID(),
    version: '0.1.0',
    database: { driver: 'postgres' },
    capabilities: ['desired-state', 'report'],
    public_key: { kty: 'OKP', crv: 'X25519', x: 'bench' },
    deployment_model: 'shared',
  };
}
