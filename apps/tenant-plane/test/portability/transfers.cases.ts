import { ChangeTracking, Database } from '@atlas/persistence';
import { type DesiredTenant, LEVEL_CHANGES, type TransferPartHeader } from '@atlas/plane-contract';
import { Secret, databaseFailure } from '@atlas/platform';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import { type CryptoKey, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { type EntityMetadata } from 'typeorm';
import { AuditSealer } from '../../src/audit/audit-sealer';
import { UserIdentity } from '../../src/credentials/user-identity.entity';
import { User } from '../../src/credentials/user.entity';
import { Incident } from '../../src/incidents/incident.entity';
import { type IncomingTools, IncomingTransfer } from '../../src/portability/incoming-transfer';
import { OutgoingTransfer } from '../../src/portability/outgoing-transfer';
import { openPart } from '../../src/portability/part';
import { RowCodec } from '../../src/portability/row-codec';
import { TransferFailed } from '../../src/portability/transfer-failed';
import { type TransferRelay } from '../../src/portability/transfer-relay';
import { TENANT_SCOPED_ENTITIES } from '../../src/schema/tenant-plane-schema';
import { TenantKey } from '../../src/tenant-secrets/tenant-key.entity';
import { TenantKeys } from '../../src/tenant-secrets/tenant-keys';
import { TenantSecrets } from '../../src/tenant-secrets/tenant-secrets';
import { MemoryRelay } from '../memory-relay.fixture';
import { codecsOf, hashesOf } from '../portable-rows.fixture';
import { fillEveryTable } from '../rows.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

/** The Control Plane reads only the header of a part. */
const headersOf = ({ parts }: MemoryRelay): TransferPartHeader[] =>
  parts.map((sealed) => decodeProtectedHeader(sealed) as unknown as TransferPartHeader);

const PAIRS = EVERY_DATABASE.flatMap((from) => EVERY_DATABASE.map((to) => [from, to] as const));

describe.each(PAIRS)("the transfer of a tenant's rows from %s to %s", (from, to) => {
  let source: TestTenantPlane;
  let target: TestTenantPlane;
  let relay: MemoryRelay;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let key: CryptoKey;
  let recipient: Record<string, unknown>;
  let count = 0;
  let faults: CommitFaults;
  /** How many times the target has reported a complete copy. */
  let wholes = 0;
  const end = new AbortController();

  beforeAll(async () => {
    faults = await CommitFaults.start();
    [source, target] = (await Promise.all(
      [from, to].map((driver) => TestTenantPlane.boot(driver, { through: (url) => faults.through(url) })),
    )) as [TestTenantPlane, TestTenantPlane];
    // Stop the sealer, because it may change audit rows at any time and these tests count changed rows.
    await Promise.all([source, target].map(({ app }) => app.get(AuditSealer).onApplicationShutdown()));
    const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
    key = pair.privateKey;
    recipient = (await exportJWK(pair.publicKey)) as Record<string, unknown>;
  });
  afterAll(async () => {
    end.abort();
    await Promise.all([source.close(), target.close()]);
    await faults.stop();
    jest.restoreAllMocks();
  });
  beforeEach(async () => {
    relay = new MemoryRelay();
    wholes = 0;
    ({ tenant, admin } = await source.tenantWithAdmin(`${from}-to-${to}-${(count += 1)}`));
  });

  const outgoing = (sent = codecsOf(source)): OutgoingTransfer => {
    const tracking = new ChangeTracking(source.app.get(Database));
    const nameRun = () => relay.nameRun();
    const tools = { tenants: source.tenants, tracking, relay: relay as unknown as TransferRelay, nameRun };
    return new OutgoingTransfer(tools, { transferId: 't', tenantId: tenant.tenant_id, recipient }, sent);
  };
  const incoming = (taken = codecsOf(target)): IncomingTransfer => {
    const marked = { markWhole: async (isWhole: boolean) => void (wholes += Number(isWhole)) };
    const tools: IncomingTools = {
      relay: relay as unknown as TransferRelay,
      nameRun: () => relay.nameRun(),
      write: (work) => target.tenants.write(tenant.tenant_id, work),
      ...marked,
    };
    return new IncomingTransfer(tools, { transferId: 't', key }, taken);
  };
  const contents = (plane: TestTenantPlane) => hashesOf(plane, tenant);
  const create = (title: string) => source.post('/api/incidents', { title, severity: 'P3' }, admin);

  it('delivers every table in full while the tenant keeps working', async () => {
    await fillEveryTable(source, tenant);
    const { body: first } = await create('changed later').expect(201);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    const received = incoming().run(end.signal);
    await create('while it is copied').expect(201);
    await source.patch(`/api/incidents/${first.id}`, { title: 'changed' }, admin).expect(200);
    await source.tenants.write(tenant.tenant_id, (scope) =>
      scope.delete(Incident, { number: 'INC-00000001' }),
    );
    await relay.level();
    sending.freeze();
    await Promise.all([sent, received]);
    expect(wholes).toBe(1);
    const here = await contents(target);
    expect(here).toEqual(await contents(source));
    for (const { table } of codecsOf(target)) expect([table, here[table]?.length]).not.toEqual([table, 0]);
    expect(TENANT_SCOPED_ENTITIES).toHaveLength(codecsOf(target).length);
  });

  it('lets the writes that wait at the source go first while it reads the snapshot', async () => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const waiting = jest.spyOn(source.tenants, 'waitingWrites').mockReturnValueOnce(held);
    const sending = outgoing();
    sending.freeze();
    const ended = Promise.all([sending.run(end.signal), incoming().run(end.signal)]);
    await eventually(() => waiting.mock.calls.length > 0, { what: 'it asks whether writes wait' });
    expect(relay.parts).toEqual([]);
    letGo();
    await ended;
    waiting.mockRestore();
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('delivers every row exactly once, even if COMMITs fail on both planes', async () => {
    await fillEveryTable(source, tenant);
    for (let n = 0; n < 3; n += 1) await create(`before ${n}`).expect(201);
    const [sending, receiving] = [outgoing(), incoming()];
    /** Retries like the plane, but without a pause. */
    const insist = async (transfer: OutgoingTransfer | IncomingTransfer): Promise<void> => {
      for (;;) {
        const error: unknown = await transfer.run(end.signal).catch((reason: unknown) => reason);
        if (error === undefined) return;
        expect(databaseFailure(error)).not.toBeNull();
      }
    };
    faults.begin();
    const [sent, received] = [insist(sending), insist(receiving)];
    await relay.level();
    faults.end();
    for (let n = 0; n < 3; n += 1) await create(`while it is copied ${n}`).expect(201);
    faults.begin();
    sending.freeze();
    await Promise.all([sent, received]);
    faults.end();
    expect(faults.count).toBeGreaterThan(1);
    expect(wholes).toBe(1);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('collects the changes made while the target is behind, and sends them in one part', async () => {
    const sending = outgoing();
    const sent = sending.run(end.signal);
    await relay.when(() => relay.awaited === 2);
    for (let n = 0; n < 5; n += 1) await create(`while the target is behind ${n}`).expect(201);
    const received = incoming().run(end.signal);
    await relay.when(() => relay.asked > 3);
    expect(headersOf(relay)).toMatchObject([
      { part: 1, kind: 'snapshot' },
      { part: 2, kind: 'changes', changes: 0 },
      { part: 3, kind: 'changes' },
    ]);
    // Each incident changes its own row, its audit event and the counter.
    expect(headersOf(relay)[2]?.changes).toBeGreaterThanOrEqual(15);
    sending.freeze();
    await Promise.all([sent, received]);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('pauses after one refusal until a target that started over has caught up', async () => {
    const sending = outgoing();
    const sent = sending.run(end.signal);
    const dies = new AbortController();
    const died = incoming().run(dies.signal);
    for (const parts of [2, 3]) {
      await relay.when(() => relay.asked > parts);
      await create(`behind part ${parts}`).expect(201);
    }
    await relay.when(() => relay.told === 4);
    dies.abort();
    await died.catch(() => undefined);
    await relay.receive({ importer: await relay.nameRun(), attempt: undefined, part: 1 }, end.signal, 0);
    await create('while the target begins anew').expect(201);
    await relay.when(() => relay.refused > 0 && relay.awaited !== undefined);
    expect([relay.refused, relay.awaited, relay.parts.length]).toEqual([1, 2, 4]);
    const received = incoming().run(end.signal);
    await relay.when(() => relay.parts.length > 4);
    expect(relay.refused).toBe(1);
    sending.freeze();
    await Promise.all([sent, received]);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('uses an empty part after a large one to show that the target has caught up', async () => {
    const sending = outgoing();
    const sent = sending.run(end.signal);
    await relay.when(() => relay.awaited === 2);
    for (let n = 0; n < LEVEL_CHANGES / 2; n += 1) await create(`one of many ${n}`).expect(201);
    const received = incoming().run(end.signal);
    await relay.when(() => relay.asked > 4);
    const [, , many, none] = headersOf(relay);
    expect(many?.changes).toBeGreaterThan(LEVEL_CHANGES);
    expect(none).toMatchObject({ kind: 'changes', changes: 0 });
    sending.freeze();
    await Promise.all([sent, received]);
  });

  it('sends all changes immediately after the freeze, however far behind the target is', async () => {
    const sending = outgoing();
    const sent = sending.run(end.signal);
    await relay.when(() => relay.awaited === 2);
    await create('just before').expect(201);
    sending.freeze();
    await sent;
    expect(headersOf(relay).at(-1)).toMatchObject({ part: 3, kind: 'last' });
    await incoming().run(end.signal);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it("sends changes immediately if the Control Plane does not report the target's progress", async () => {
    relay = new MemoryRelay(true);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    for (const parts of [2, 3, 4]) {
      await relay.when(() => relay.parts.length === parts);
      await create(`behind part ${parts}`).expect(201);
    }
    sending.freeze();
    await Promise.all([sent, incoming().run(end.signal)]);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('uses parts of about a megabyte, however large the rows are', async () => {
    const write = (description: string) =>
      source.tenants.write(tenant.tenant_id, (scope) => scope.update(Incident, {}, { description }));
    for (let n = 0; n < 40; n += 1) await create(`large ${n}`).expect(201);
    await write('\u6f22'.repeat(20_000));
    const sending = outgoing();
    const sent = sending.run(end.signal);
    await relay.when(() => relay.awaited !== undefined);
    const inSnapshot = relay.parts.length;
    await write('\u5b57'.repeat(20_000));
    const received = incoming().run(end.signal);
    await relay.when(() => relay.asked > inSnapshot + 3);
    sending.freeze();
    await Promise.all([sent, received]);
    expect(await contents(target)).toEqual(await contents(source));
    const opened = await Promise.all(relay.parts.map((sealed) => openPart(sealed, key)));
    for (const { part } of opened) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(1_200_000);
    const cut = opened.filter(({ header }) => header.kind === 'changes' && header.changes === 2000);
    // More changes follow these parts, so `changes` must not suggest that the target has nearly caught up.
    expect(cut.map(({ part }) => part.tables.flatMap(({ rows }) => rows).length)).toEqual([17, 17]);
  });

  it('does not show the target as caught up while a bulk update is in transit', async () => {
    for (let n = 0; n < 40; n += 1) await create(`one of many ${n}`).expect(201);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    const received = incoming().run(end.signal);
    await relay.level();
    const before = relay.parts.length;
    await source.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(Incident, {}, { description: '\u5b57'.repeat(20_000) }),
    );
    await relay.when(() => relay.asked > before + 3);
    const bulk = headersOf(relay).slice(before, before + 3);
    // Each part has fewer rows than LEVEL_CHANGES: 17, 17 and the rest.
    expect(bulk.map(({ changes }) => changes <= LEVEL_CHANGES)).toEqual([false, false, true]);
    sending.freeze();
    await Promise.all([sent, received]);
    expect(await contents(target)).toEqual(await contents(source));
  });

  describe("if one row takes over another row's unique value", () => {
    const ISSUER = 'https://login.example.com';
    let ids: string[];
    beforeEach(async () => {
      const users = ['one', 'other'].map(() => source.user(tenant, 'requester'));
      ids = (await Promise.all(users)).map(({ id }) => id);
      await source.tenants.write(tenant.tenant_id, async (scope) => {
        for (const userId of ids)
          await scope.insert(UserIdentity, {
            userId,
            issuer: ISSUER,
            subject: `before ${userId}`,
            linkedAt: source.now,
          });
      });
    });
    const relink = (place: number, subject: string) =>
      source.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(UserIdentity, { userId: ids[place] ?? '' }, { subject }),
      );
    /** Sends the rows to a target that imports nothing until `changes` have been made. */
    const sendAround = async (changes: () => Promise<unknown>): Promise<void> => {
      const sending = outgoing();
      const sent = sending.run(end.signal);
      await relay.when(() => relay.awaited !== undefined);
      await changes();
      const received = incoming().run(end.signal);
      await relay.level();
      sending.freeze();
      await Promise.all([sent, received]);
      expect(await contents(target)).toEqual(await contents(source));
    };

    it('delivers both rows in one part', () =>
      sendAround(async () => {
        await relink(0, 'x');
        await relink(1, 'y');
        await relink(0, `before ${ids[1]}`);
        await relink(1, `before ${ids[0]}`);
      }));

    it('delivers the rows in two parts if the first part is full', async () => {
      for (let n = 0; n < 20; n += 1) await create(`large ${n}`).expect(201);
      await sendAround(async () => {
        await relink(0, 'x');
        await source.tenants.write(tenant.tenant_id, (scope) =>
          scope.update(Incident, {}, { description: '\u5b57'.repeat(20_000) }),
        );
        await relink(1, 'y');
        await relink(0, `before ${ids[1]}`);
      });
      const opened = await Promise.all(relay.parts.map((sealed) => openPart(sealed, key)));
      const parts = opened.filter(({ part }) => part.tables.some(({ table }) => table === 'user_identities'));
      expect(parts).toHaveLength(3);
    });
  });

  it('fails if the source is a newer plane with one more column', async () => {
    const older = codecsOf(target).map(({ metadata, canStepAside }) => {
      const columns = metadata.columns.filter(({ databaseName }) => databaseName !== 'credentials_epoch');
      const fewer = Object.create(metadata, { columns: { value: columns } }) as EntityMetadata;
      return new RowCodec(fewer, canStepAside);
    });
    const sending = outgoing();
    const sent = sending.run(end.signal);
    sending.freeze();
    await sent;
    const failing = incoming(older).run(end.signal);
    await expect(failing).rejects.toThrow(/does not know.*users\.credentials_epoch.*Upgrade this plane/);
    await expect(failing).rejects.toBeInstanceOf(TransferFailed);
    expect([wholes, await target.rows(tenant, User)]).toEqual([0, []]);
  });

  it('delivers all rows from an older plane with one column fewer', async () => {
    const older = codecsOf(source).map(({ metadata, canStepAside }) => {
      const columns = metadata.columns.filter(({ databaseName }) => databaseName !== 'credentials_epoch');
      const fewer = Object.create(metadata, { columns: { value: columns } }) as EntityMetadata;
      return new RowCodec(fewer, canStepAside);
    });
    const sending = outgoing(older);
    const sent = sending.run(end.signal);
    sending.freeze();
    await Promise.all([sent, incoming().run(end.signal)]);
    expect(wholes).toBe(1);
    expect(await target.rows(tenant, User)).toEqual([expect.objectContaining({ credentialsEpoch: 0 })]);
  });

  describe('if the tenant has stored secrets', () => {
    const place = (rowId: string) => ({ table: 'notes', column: 'token_sealed', rowId });
    const seal = (text: string): Promise<string> =>
      source.tenants.write(tenant.tenant_id, (scope) =>
        source.app.get(TenantSecrets).seal(scope, place(text), text),
      );
    const openAt = async (plane: TestTenantPlane, text: string, sealed: string): Promise<string> => {
      const read = plane.tenants.read(tenant.tenant_id, (scope) =>
        plane.app.get(TenantSecrets).open(scope, place(text), sealed),
      );
      return (await read).reveal();
    };
    /** Changes the key in the source's row, so that the source can no longer decrypt it. */
    const loseKey = () =>
      source.tenants.write(tenant.tenant_id, (scope) =>
        scope.update(TenantKey, {}, { sealedKey: 's1.lost.AA.AA.AAAAAAAAAAAAAAAAAAAAAA' }),
      );
    const move = async (): Promise<void> => {
      const sending = outgoing();
      const sent = sending.run(end.signal);
      sending.freeze();
      await Promise.all([sent, incoming().run(end.signal)]);
    };

    it('keeps them readable, and seals their key under the wrapping key of the target', async () => {
      const sealed = await seal('early');
      await move();
      expect(await openAt(target, 'early', sealed)).toBe('early');
      expect(await contents(target)).toEqual(await contents(source));
      const [[here], [there]] = [await target.rows(tenant, TenantKey), await source.rows(tenant, TenantKey)];
      expect(here?.sealedKey).not.toEqual(there?.sealedKey);
      const plain =
        source.app
          .get(TenantKeys)
          .open(there as TenantKey)
          ?.reveal() ?? '';
      // A part is compressed and encrypted before it is written to disk or sent.
      expect(relay.parts.join()).not.toContain(plain);
      const opened = await Promise.all(relay.parts.map((part) => openPart(part, key)));
      expect(JSON.stringify(opened)).toContain(plain);
    });

    it('keeps the first one readable that is stored during the move', async () => {
      const sending = outgoing();
      const sent = sending.run(end.signal);
      const received = incoming().run(end.signal);
      await relay.level();
      const sealed = await seal('late');
      sending.freeze();
      await Promise.all([sent, received]);
      expect(await openAt(target, 'late', sealed)).toBe('late');
    });

    it('fails if the source has lost their key', async () => {
      await seal('lost');
      await loseKey();
      const failing = outgoing().run(end.signal);
      await expect(failing).rejects.toThrow(/INTERNAL_SERVICE_SECRET_PREVIOUS/);
      await expect(failing).rejects.toBeInstanceOf(TransferFailed);
      expect(relay.parts).toEqual([]);
    });

    it('leaves a lost key behind once a secret was entered again', async () => {
      const lost = await seal('lost');
      await loseKey();
      const again = await seal('again');
      await move();
      expect(await openAt(target, 'again', again)).toBe('again');
      await expect(openAt(target, 'lost', lost)).rejects.toMatchObject({ code: 'secret_unreadable' });
      expect((await target.rows(tenant, TenantKey)).map(({ sealedKey }) => sealedKey === null)).toEqual([
        true,
        false,
      ]);
    });

    it('fails if a newer source sends a key of another kind', async () => {
      await seal('newer');
      const newer = jest.spyOn(source.app.get(TenantKeys), 'open');
      newer.mockReturnValue(new Secret('not 32 bytes'));
      await expect(move()).rejects.toThrow(/unknown format. Upgrade this plane/);
      expect(wholes).toBe(0);
      newer.mockRestore();
    });
  });

  it('blocks writes after the freeze, but allows reads', async () => {
    const sending = outgoing();
    const sent = sending.run(end.signal);
    await relay.when(() => relay.parts.length > 1);
    sending.freeze();
    await sent;
    const refused = await create('too late');
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
      503,
      'tenant_frozen',
      '1',
    ]);
    await source.get('/api/incidents', admin).expect(200);
  });

  it('fails if the copy differs from the original', async () => {
    await create('the one that is lost').expect(201);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    const failed = incoming()
      .run(end.signal)
      .catch((error: Error) => error.message);
    await relay.level();
    // The copy loses its incident, and the update that would restore the incident is not stored.
    await target.tenants.write(tenant.tenant_id, (scope) => scope.delete(Incident, {}));
    const putting = jest.spyOn(target.tenants, 'write').mockImplementation(async () => undefined);
    await source.tenants.write(tenant.tenant_id, (scope) => scope.update(Incident, {}, { title: 'again' }));
    sending.freeze();
    await sent;
    expect(await failed).toContain('differs from the original in: incidents');
    expect(wholes).toBe(0);
    putting.mockRestore();
  });

  it('replaces the incomplete copy of a target that starts over', async () => {
    await create('one').expect(201);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    const dies = new AbortController();
    const died = incoming().run(dies.signal);
    await relay.level();
    dies.abort();
    await died.catch(() => undefined);
    const received = incoming().run(end.signal);
    sending.freeze();
    await Promise.all([sent, received]);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('sends all rows again if the source starts over', async () => {
    await create('one').expect(201);
    const dies = new AbortController();
    const died = outgoing().run(dies.signal);
    const received = incoming().run(end.signal);
    await relay.level();
    dies.abort();
    await died;
    await create('two').expect(201);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    sending.freeze();
    await Promise.all([sent, received]);
    expect(await contents(target)).toEqual(await contents(source));
  });

  it('encrypts the rows so that only the target can read them', async () => {
    await create('a secret of the tenant').expect(201);
    const sending = outgoing();
    const sent = sending.run(end.signal);
    sending.freeze();
    await sent;
    for (const part of relay.parts) {
      expect(Buffer.from(part, 'base64').toString()).not.toContain('a secret of the tenant');
      expect(decodeProtectedHeader(part)).toMatchObject({ transfer: 't', alg: 'ECDH-ES', enc: 'A256GCM' });
    }
    const another = await generateKeyPair('ECDH-ES', { crv: 'X25519' });
    key = another.privateKey;
    await expect(incoming().run(end.signal)).rejects.toThrow();
  });
});
