import { OutboundHttp } from '../../src/slos/prometheus-http';
import { type TestTenantPlane } from '../tenant-plane.fixture';

/** Lets a plane ask servers on this machine. */
export function allowLoopback({ app }: TestTenantPlane): void {
  const http = app.get(OutboundHttp);
  jest.spyOn(http, 'requireAllowed').mockResolvedValue();
  jest.spyOn(http, 'fetch').mockImplementation(async ({ url, signal }) => {
    const answer = await fetch(url, { signal });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  });
}
