import { eventually } from '@atlas/testing';
import { type BothPlanes } from './both-planes.fixture';

/** Control Plane settings that shorten the waits in a rotation. */
export const QUICK_ROTATION = { SECRET_ROTATION_QUIET_SECONDS: '1' };

export const SERVICE_SECRET = /ats_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}/;

interface PlaneView {
  readonly id: string;
  readonly key_in_use: string;
  readonly keys: readonly { readonly id: string }[];
}

/** A routine rotation of the tenant plane's secret that runs alongside other activity. */
export class SecretRotation {
  /** The plane's keys before the rotation, and after it has succeeded. */
  readonly keys: { before: string; after: readonly string[] } = { before: '', after: [] };
  /** All responses from the Control Plane about the rotation. */
  text = '';
  private jobId = '';

  private constructor(private readonly planes: BothPlanes) {}

  static async begin(planes: BothPlanes): Promise<SecretRotation> {
    const rotation = new SecretRotation(planes);
    const { key_in_use: before } = await rotation.plane();
    rotation.keys.before = before;
    const { status, body } = await planes.stack.api<{ job: { id: string } }>(
      `/api/tenant-planes/${planes.id}/rotate-secret`,
      { body: { mode: 'routine' } },
    );
    expect(status).toBe(202);
    rotation.jobId = body.job.id;
    rotation.text = JSON.stringify(body);
    return rotation;
  }

  async succeeded(): Promise<void> {
    const hasSucceeded = async (): Promise<boolean> => {
      const { body } = await this.planes.stack.api(`/api/provisioning-jobs/${this.jobId}`);
      this.text += JSON.stringify(body);
      return body['status'] === 'succeeded';
    };
    await eventually(hasSucceeded, { timeoutMs: 30_000, everyMs: 100, what: 'the rotation has succeeded' });
    this.keys.after = (await this.plane()).keys.map(({ id }) => id);
  }

  private async plane(): Promise<PlaneView> {
    const { body } = await this.planes.stack.api<{ items: PlaneView[] }>('/api/tenant-planes');
    const plane = body.items.find(({ id }) => id === this.planes.id);
    if (!plane) throw new Error('The tenant plane does not exist.');
    return plane;
  }
}
