import { type LookupAddress } from 'node:dns';
import { OutboundNetwork } from '@atlas/platform';
import { EVENT_TYPES } from '@atlas/operator-api';
import { EVERY_DATABASE } from '@atlas/testing';
import { EventSubscription } from '../../src/events/event-subscription.entity';
import { TestControlPlane } from '../control-plane.fixture';
import {
  EventReceiver,
  SUBSCRIPTIONS,
  deliveriesOf,
  dispatch,
  subscribe,
  tell,
} from '../event-receiver.fixture';

type Answer = (error: Error | null, found?: readonly LookupAddress[]) => void;

/**
 * Webhooks are sent only to https addresses on the internet.
 *
 * To see it fail: in `Webhooks.post`, leave out `requirePublic`; in `sendTo`, leave out `lookup`; or in
 * `AllowedAddress`, leave out `requireAllowed`.
 */
describe.each(EVERY_DATABASE)('the addresses of webhooks on %s', (driver) => {
  let plane: TestControlPlane;
  /** What each name resolves to, one answer after the other. The last one stays. */
  let names: Record<string, string[]>;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    const lookup = (name: string, _options: object, answer: Answer): void => {
      const [first, ...later] = names[name] ?? [];
      if (first === undefined) return answer(Object.assign(new Error(name), { code: 'ENOTFOUND' }));
      if (later.length > 0) names[name] = later;
      answer(
        null,
        first.split(' ').map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
    Object.assign(plane.app.get(OutboundNetwork), { lookup });
  });
  beforeEach(() => (names = { 'hooks.example': ['93.184.215.14'] }));
  afterAll(() => plane.close());

  it.each([
    ['plain http', 'http://hooks.example/'],
    ['this machine', 'https://127.0.0.1/'],
    ['this machine as a number', 'https://0x7f000001/'],
    ['this machine in IPv6', 'https://[::1]/'],
    ['cloud metadata', 'https://169.254.169.254/latest/meta-data'],
    ['a name of a private address', 'https://inside.example/'],
    ['a name of a public and a private address', 'https://both.example/'],
  ])('must not be %s', async (_what, url) => {
    names = { ...names, 'inside.example': ['10.0.0.1'], 'both.example': ['93.184.215.14 10.0.0.1'] };
    const keys: Record<string, string>[] = [{}, { 'idempotency-key': url }];
    for (const headers of keys) {
      const { body } = await plane.post(SUBSCRIPTIONS, { url, events: EVENT_TYPES }, { headers }).expect(422);
      expect(body.code).toBe('address_not_allowed');
    }
    expect(await plane.count(EventSubscription)).toBe(0);
  });

  it.each(['https://user:password@hooks.example/', 'ftp://hooks.example/', 'hooks.example', 'https://'])(
    'must be URLs without a password: %s',
    async (url) => {
      const { body } = await plane.post(SUBSCRIPTIONS, { url, events: EVENT_TYPES });
      expect(['validation_failed', 'address_not_allowed']).toContain(body.code);
      expect(await plane.count(EventSubscription)).toBe(0);
    },
  );

  it('may be names that cannot be resolved at the moment', async () => {
    const { id } = await subscribe(plane, { url: 'https://later.example/' });
    await tell(plane, 1);
    await dispatch(plane);
    const [delivery] = await deliveriesOf(plane, id);
    const error = 'The call to later.example failed: its name cannot be resolved.';
    expect(delivery?.last_answer).toMatchObject({ status: null, error });
    await plane.delete(`${SUBSCRIPTIONS}/${id}`).expect(204);
  });

  it('are checked again for each request, because a name may lead elsewhere by then', async () => {
    await using receiver = await EventReceiver.start();
    const { port } = new URL(receiver.url);
    names['rebound.example'] = ['93.184.215.14', '127.0.0.1'];
    const { id } = await subscribe(plane, { url: `https://rebound.example:${port}/` });
    const reached = jest.fn();
    receiver.onConnection(reached);
    await tell(plane, 1);
    await dispatch(plane);
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery).toMatchObject({ status: 'waiting', attempts: 1 });
    expect(delivery?.last_answer?.error).toContain('is not on the internet');
    expect(reached).not.toHaveBeenCalled();
    await plane.delete(`${SUBSCRIPTIONS}/${id}`).expect(204);
  });

  it('are connected to as they were checked, even if the name leads elsewhere a moment later', async () => {
    await using receiver = await EventReceiver.start();
    const { port } = new URL(receiver.url);
    // Nothing listens at the checked address, which stands for one on the internet.
    names['rebound.example'] = ['127.0.0.2', '127.0.0.2', '127.0.0.1'];
    const network = plane.app.get(OutboundNetwork);
    const isPublic = jest.spyOn(network, 'isPublic').mockImplementation((address) => address === '127.0.0.2');
    const { id } = await subscribe(plane, { url: `https://rebound.example:${port}/` });
    const reached = jest.fn();
    receiver.onConnection(reached);
    await tell(plane, 1);
    await dispatch(plane);
    isPublic.mockRestore();
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery?.last_answer?.error).toContain('it refuses connections on this port');
    expect(reached).not.toHaveBeenCalled();
    await plane.delete(`${SUBSCRIPTIONS}/${id}`).expect(204);
  });
});
