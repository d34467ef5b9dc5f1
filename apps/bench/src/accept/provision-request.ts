import { randomBytes } from 'node:crypto';
import { type Provisioned, type TestStack } from '@atlas/testing';
import { type HttpAnswer } from '../http/answer';
import { type KeepAliveConnection, withConnections } from '../http/keep-alive-connection';
import { httpMessage, jsonOf, requireStatus } from '../http/message';
import { type Load, type LoadResult, runLoad } from '../load/run-load';

/** Requests to provision tenants, each with its own tenant name and Idempotency-Key. */
export class ProvisionRequests {
  private readonly run = randomBytes(4).toString('hex');
  private readonly url: URL;
  private count = 0;

  constructor(private readonly stack: TestStack) {
    this.url = new URL('/api/tenants/provision', stack.controlPlane.url);
  }

  async send(connection: KeepAliveConnection): Promise<Provisioned> {
    return jsonOf<Provisioned>(await this.accepted(connection));
  }

  /** Sends `load.count` requests, and checks only the status of each response. */
  load(load: Load): Promise<LoadResult> {
    return withConnections(this.url.href, load.callers, (connections) =>
      runLoad(load, async (caller) => {
        await this.accepted(connections[caller] as KeepAliveConnection);
      }),
    );
  }

  private async accepted(connection: KeepAliveConnection): Promise<HttpAnswer> {
    return requireStatus(await connection.send(this.message()), 202);
  }

  private message(): string {
    const slug = `bench-${this.run}-${++this.count}`;
    const headers = { authorization: `Bearer ${this.stack.apiKey}`, 'idempotency-key': slug };
    const admin = `admin@${slug}.example.com`;
    const body = { name: `Tenant ${slug}`, slug, deployment_model: 'shared', admin_email: admin };
    return httpMessage({ method: 'POST', url: this.url, headers, body: JSON.stringify(body) });
  }
}
