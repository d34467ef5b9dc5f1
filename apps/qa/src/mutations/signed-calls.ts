import { isDeepStrictEqual } from 'node:util';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { keyIdOf } from '@atlas/service-auth';
import { type Answer, type TestStack, eventually } from '@atlas/testing';
import { type SeededRandom } from '../seeded-random';
import { type SignedRequest, SignedPlane, send } from '../signed-plane';
import { type Means, type Mutation } from './mutation';

/**
 * Calls from a plane with two tenants: reports, which contain everything that can be signed, and pulls, which
 * contain the minimum.
 */
export class SignedCalls {
  private count = 0;

  private constructor(
    private readonly plane: SignedPlane,
    private readonly planeId: string,
    private readonly tenantIds: readonly [string, string],
    private readonly otherKeyId: string,
  ) {}

  static async of(stack: TestStack): Promise<SignedCalls> {
    const { url } = stack.controlPlane;
    const region = 'signed';
    const { id, install } = await stack.registerCell({ region });
    const plane = new SignedPlane(url, install);
    await plane.enrol(url);
    const other = await stack.registerCell();
    const tenants = await Promise.all(
      ['signed-a', 'signed-b'].map((slug) => stack.provision(slug, { body: { region } })),
    );
    const tenantIds = tenants.map(({ body }) => body.tenant.id) as [string, string];
    for (const tenantId of tenantIds) {
      const isPlaced = () =>
        send(url, plane.sign('GET', PLANE_PATHS.desiredState, '', { tenantId })).then(isAccepted);
      await eventually(isPlaced, { what: 'the tenant is placed' });
    }
    return new SignedCalls(plane, id, tenantIds, keyIdOf(other.install.env['INTERNAL_SERVICE_SECRET'] ?? ''));
  }

  /** A request and a mutated copy, which is guaranteed to differ from the original. */
  mutated(mutation: Mutation, random: SeededRandom): { original: SignedRequest; changed: SignedRequest } {
    for (;;) {
      const original = random.one([() => this.report(), () => this.pull()])();
      const changed = mutation.change(original, this.means(random));
      if (changed && !isDeepStrictEqual(changed, original)) return { original, changed };
    }
  }

  private report(): SignedRequest {
    const link = { sequence: (this.count += 1), link_id: this.plane.instanceId };
    const body = { revision: 'x.0', version: '0.1.0', ...link, tenants: [], usage: {}, health: {} };
    const target = `${PLANE_PATHS.report}?tenant_plane_id=${this.planeId}`;
    return this.plane.sign('POST', target, JSON.stringify(body), { tenantId: this.tenantIds[0] });
  }

  private pull(): SignedRequest {
    return this.plane.sign('GET', PLANE_PATHS.desiredState);
  }

  private means(random: SeededRandom): Means {
    return {
      random,
      other: this.report(),
      keyId: this.otherKeyId,
      tenantId: this.tenantIds[1],
      signedFor: (authority, { method, target, body, headers }) => {
        const url = new URL(target, `http://${authority}`);
        return this.plane.sign(method, target, body, { url, tenantId: headers['x-tenant-id'] });
      },
    };
  }
}

const isAccepted = ({ status }: Answer<unknown>): boolean => status === 200;
