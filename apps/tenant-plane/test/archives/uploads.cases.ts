import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OngoingAnswers } from '@atlas/platform';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock, eventually } from '@atlas/testing';
import { Import } from '../../src/archives/import.entity';
import { Imports } from '../../src/archives/imports';
import { UploadRoom } from '../../src/archives/upload-room';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { useTemporaryFolder } from '../temporary-folder.fixture';
import { archiveOf } from './archive.fixture';

interface Answer {
  readonly status: number | undefined;
  readonly code: string;
  readonly retryAfter: string | undefined;
}

describe.each(EVERY_DATABASE)('the upload of an archive on %s', (driver) => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-uploads-'));
  let plane: TestTenantPlane;
  let archive: Buffer;
  let target: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock: new FixedClock() });
    const { admin: owner } = await plane.tenantWithAdmin('source');
    archive = await archiveOf(plane, owner);
    useTemporaryFolder(folder);
  });
  afterAll(async () => {
    await plane.close();
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    ({ tenant: target, admin } = await plane.tenantWithAdmin(`target-${(count += 1)}`));
  });

  /** Sends the first bytes of an archive, and waits until the import has begun. */
  const begun = async (): Promise<{ readonly upload: ClientRequest; readonly answer: Promise<Answer> }> => {
    const upload = httpRequest(`${plane.url}/api/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.session}`, 'content-type': 'application/gzip' },
    });
    upload.on('error', () => undefined);
    const answer = new Promise<Answer>((resolve, reject) => {
      upload.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const { code } = JSON.parse(Buffer.concat(pieces).toString()) as { code: string };
          resolve({ status: response.statusCode, code, retryAfter: response.headers['retry-after'] });
        });
        response.on('error', reject);
      });
    });
    upload.write(archive.subarray(0, 100));
    await eventually(async () => (await plane.rows(target, Import)).length === 1, { what: 'it has begun' });
    return { upload, answer };
  };
  const failure = async (of = target): Promise<unknown> => (await plane.rows(of, Import))[0]?.failure?.code;

  it('leaves no file behind, even if the process is killed', async () => {
    const taking = jest.spyOn(plane.app.get(UploadRoom), 'take');
    const { upload } = await begun();
    await eventually(() => Promise.resolve(taking.mock.calls.length > 0), { what: 'bytes are stored' });
    expect(readdirSync(folder)).toEqual([]);
    expect((await plane.rows(target, Import))[0]?.status).toBe('running');
    upload.destroy();
    await eventually(async () => (await failure()) === 'upload_interrupted');
  });

  it('ends soon after the user has lost access, although it has not arrived', async () => {
    const { upload, answer } = await begun();
    await plane.post('/api/auth/logout', undefined, admin).expect(204);
    await plane.app.get(OngoingAnswers).look();
    expect(await answer).toMatchObject({ status: 400, code: 'upload_interrupted' });
    expect(await failure()).toBe('upload_interrupted');
    upload.destroy();
  });

  it('is refused while those of other tenants take up the room on the disk', async () => {
    const room = plane.app.get(UploadRoom);
    const size = jest.replaceProperty(room, 'size', archive.length + 99);
    const taking = jest.spyOn(room, 'take');
    const first = target;
    const { upload } = await begun();
    await eventually(() => Promise.resolve(taking.mock.calls.length > 0));
    ({ tenant: target, admin } = await plane.tenantWithAdmin(`target-${(count += 1)}`));
    const refused = await begun();
    refused.upload.end(archive.subarray(100));
    expect(await refused.answer).toEqual({ status: 503, code: 'uploads_busy', retryAfter: '120' });
    expect(await failure()).toBe('uploads_busy');
    upload.destroy();
    await eventually(async () => (await failure(first)) === 'upload_interrupted');
    ({ tenant: target, admin } = await plane.tenantWithAdmin(`target-${(count += 1)}`));
    const accepted = await begun();
    accepted.upload.end(archive.subarray(100));
    expect((await accepted.answer).status).toBe(202);
    await eventually(async () => (await plane.rows(target, Import))[0]?.status === 'ready');
    size.restore();
  });

  it('fails with a reason if the disk is full', async () => {
    const files = jest.requireActual<{ open: (path: string, flags: string) => Promise<unknown> }>(
      'node:fs/promises',
    );
    const { open } = files;
    const full = jest.spyOn(files, 'open').mockImplementation(() => open('/dev/full', 'r+'));
    const { upload, answer } = await begun();
    upload.end(archive.subarray(100));
    expect(await answer).toMatchObject({ status: 507, code: 'upload_storage_full' });
    full.mockRestore();
    expect(await failure()).toBe('upload_storage_full');
  });

  // Last, because no import can begin afterwards.
  it('is recorded as interrupted before the process stops', async () => {
    const { upload, answer } = await begun();
    await plane.app.get(Imports).beforeApplicationShutdown();
    expect(await failure()).toBe('interrupted');
    expect(await answer).toMatchObject({ status: 503, code: 'interrupted' });
    upload.destroy();
  });
});
