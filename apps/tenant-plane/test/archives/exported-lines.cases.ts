import { randomUUID } from 'node:crypto';
import { type TenantScope } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { exportedLines } from '../../src/archives/exported-lines';
import { type ExportedRows, type Lines, exportedRows, lineOf } from '../../src/archives/exported-rows';
import { ConfigurationItem } from '../../src/cmdb/configuration-item.entity';
import { PlaneSchema } from '../../src/database/plane-schema';
import { pagesOf } from '../../src/portability/row-store';
import { SloBucket } from '../../src/slos/slo-bucket.entity';
import { fillEveryTable } from '../rows.fixture';
import { TestTenantPlane } from '../tenant-plane.fixture';

const CONTROL = String.fromCharCode(...Array.from({ length: 31 }, (_, index) => index + 1), 127);
const TEXTS = [CONTROL, '"\\/\u2028\u2029é😀', '{"a":1}', 'null', '', '\\N', '\\v\\\\', '"', 'a\u0001'];
const TIMES = ['00.000', '05.006', '05.060', '05.600', '05.999'].map(
  (seconds) => new Date(`2030-01-02T03:04:${seconds}Z`),
);
const NUMBERS = [0, -0, 0.1, 1 / 3, 1e21, 5e-324, 1.7976931348623157e308, 2 ** 53, 100, -1e-7];

async function pagesIn(scope: TenantScope, rows: ExportedRows): Promise<Lines[]> {
  const pages: Lines[] = [];
  for await (const page of exportedLines(scope, rows)) pages.push(page);
  return pages;
}

function textOf(pages: readonly Lines[]): string {
  return Buffer.concat(pages.map(({ bytes }) => bytes)).toString();
}

async function linesOf(scope: TenantScope, { codec }: ExportedRows): Promise<string[]> {
  const lines: string[] = [];
  for await (const page of pagesOf(scope, codec)) lines.push(...page.map(lineOf));
  return lines;
}

describe.each(EVERY_DATABASE)('the lines of an export on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;

  const now = new Date('2030-01-02T03:04:05.006Z');
  const item = (fields: Partial<ConfigurationItem>) => ({
    id: randomUUID(),
    name: 'web',
    type: 'server',
    key: null,
    status: 'production' as const,
    criticality: 'low' as const,
    attributes: {},
    source: 'manual' as const,
    createdAt: now,
    updatedAt: null,
    archivedAt: null,
    ...fields,
  });
  const write = (work: (scope: TenantScope) => Promise<void>): Promise<void> =>
    plane.tenants.write(tenant.tenant_id, work);
  const read = <T>(work: (scope: TenantScope, tables: ExportedRows[]) => Promise<T>): Promise<T> =>
    plane.tenants.snapshot(tenant.tenant_id, (scope) =>
      work(scope, exportedRows(plane.app.get(PlaneSchema), scope.manager)),
    );
  const table = (tables: readonly ExportedRows[], name: string): ExportedRows => {
    const found = tables.find(({ codec }) => codec.table === name);
    if (!found) throw new Error(name);
    return found;
  };

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    tenant = await plane.tenant('acme');
    await fillEveryTable(plane, tenant);
  });
  afterAll(() => plane.close());

  it('are the same as those that an import compares them with', async () => {
    const nested = Object.fromEntries(
      [...TEXTS, 'b', 'a', '10', '9', '__proto__'].map((name) => [name, name]),
    );
    const attributes = { z: [{ b: NUMBERS, a: null, 10: nested, 9: true }], a: nested };
    await write(async (scope) => {
      for (const text of TEXTS) await scope.insert(ConfigurationItem, item({ name: text, attributes }));
      for (const updatedAt of TIMES) await scope.insert(ConfigurationItem, item({ updatedAt }));
      for (const [minute, good] of NUMBERS.entries())
        await scope.insert(SloBucket, { id: randomUUID(), sloId: randomUUID(), minute, good, total: good });
    });
    await read(async (scope, tables) => {
      for (const rows of tables) {
        const pages = await pagesIn(scope, rows);
        const lines = await linesOf(scope, rows);
        expect(textOf(pages)).toBe(lines.join(''));
        expect(pages.reduce((sum, page) => sum + page.rows, 0)).toBe(lines.length);
        expect(lines.length).toBeGreaterThan(0);
      }
    });
  });

  it('come in pages of about half a mebibyte, even if some rows are large', async () => {
    const large = { text: 'x'.repeat(300_000) };
    await write(async (scope) => {
      for (let count = 0; count < 300; count += 1)
        await scope.insert(
          ConfigurationItem,
          item({ attributes: count > 180 && count % 8 === 0 ? large : {} }),
        );
    });
    await read(async (scope, tables) => {
      const rows = table(tables, 'configuration_items');
      const pages = await pagesIn(scope, rows);
      expect(Math.max(...pages.map(({ bytes }) => bytes.length))).toBeLessThan(524_288 + 301_000);
      expect(textOf(pages)).toBe((await linesOf(scope, rows)).join(''));
      expect(pages.length).toBeGreaterThan(3);
    });
  });
});
