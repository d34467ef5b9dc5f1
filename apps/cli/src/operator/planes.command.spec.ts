import { type TenantPlaneView } from '../control-plane/views';
import { healthText } from './planes.command';

const DISK = { name: 'disk', status: 'failing' };

describe('the health column of `atlas planes`', () => {
  it.each([
    [{ health: 'online', health_status: 'ok', health_checks: [{ ...DISK, status: 'ok' }] }, 'online'],
    [{ health: 'online', health_status: 'failing', health_checks: [DISK] }, 'online, failing: disk'],
    [
      {
        health: 'online',
        health_status: 'failing',
        identity_forked: true,
        health_checks: [DISK, { name: 'link', status: 'degraded' }, { name: 'clock', status: 'ok' }],
      },
      'online, failing: disk link, FORKED',
    ],
    [{ health: 'online', health_status: 'degraded' }, 'online, degraded'],
    [{ health: 'offline' }, 'offline'],
  ])('shows %j as %s', (plane, text) => {
    expect(healthText(plane as unknown as TenantPlaneView)).toBe(text);
  });
});
